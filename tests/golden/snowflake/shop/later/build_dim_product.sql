create or replace transient table __starlode_touched as
select distinct * from (
select cast("PRODUCT_ID" as varchar) as "PRODUCT_ID" from (
SELECT
  "PRODUCTS"."PRODUCT_ID" AS "PRODUCT_ID",
  "PRODUCTS"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    "PRODUCT_ID",
    "NAME",
    "__STARLODE_ROW" AS "__STARLODE_DRIVING"
  FROM "STAGING"."SHOP__PRODUCTS"
  WHERE
    "_LOAD" > 9
) AS "PRODUCTS"
  ) as said ("PRODUCT_ID", "__STARLODE_DRIVING")
union all
select cast("PRODUCT_ID" as varchar) as "PRODUCT_ID" from (
SELECT
  "PRODUCTS"."PRODUCT_ID" AS "PRODUCT_ID",
  "PRODUCTS"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    *,
    NULL AS "__STARLODE_DRIVING"
  FROM (
    SELECT
      "PRODUCT_ID",
      "NAME"
    FROM "STAGING"."SHOP__PRODUCTS (GONE)"
    WHERE
      "_LOAD" <= 9 AND "_GONE" > 9
  ) AS gone
) AS "PRODUCTS"
  ) as said ("PRODUCT_ID", "__STARLODE_DRIVING")
  ) as found;

create or replace transient table __starlode_in as
select "PRODUCT_ID", "NAME"
  from (
select cast("PRODUCT_ID" as varchar) as "PRODUCT_ID",
       cast("NAME" as varchar) as "NAME"
  from (
SELECT
  "PRODUCTS"."PRODUCT_ID" AS "PRODUCT_ID",
  "PRODUCTS"."NAME" AS "NAME"
FROM (
  SELECT
    "PRODUCT_ID",
    "NAME"
  FROM "STAGING"."SHOP__PRODUCTS"
  WHERE
    "_LOAD" > 9
) AS "PRODUCTS"
  ) as said ("PRODUCT_ID", "NAME")
  ) as chosen;

create or replace transient table __starlode_chain as
select "PRODUCT_ID", "NAME", "__STARLODE_VARIANTS"
  from (select *, count(*) over (partition by "PRODUCT_ID") as "__STARLODE_VARIANTS",
               row_number() over (partition by "PRODUCT_ID"
                                  order by "__STARLODE_VOTES" desc, "NAME" nulls last) as "__STARLODE_CHOICE"
          from (select "PRODUCT_ID", "NAME", count(*) as "__STARLODE_VOTES"
                  from __starlode_in where "PRODUCT_ID" is not null
                 group by "PRODUCT_ID", "NAME") as counted) as numbered
 where "__STARLODE_CHOICE" = 1;

create or replace transient table __starlode_held as
select * from "STAR"."DIM_PRODUCT" as d
 where d."PRODUCT_KEY" > 0 and (d."PRODUCT_ID") in (select "PRODUCT_ID" from __starlode_chain);

create or replace transient table __starlode_known as
select * from "STARLODE"."DIM_PRODUCT (KEYS)" as m
 where (m."PRODUCT_ID") in (select "PRODUCT_ID" from (select c."PRODUCT_ID" from __starlode_chain as c
          left join __starlode_held as d on d."PRODUCT_ID" = c."PRODUCT_ID" and not d.is_inferred
         where d."PRODUCT_KEY" is null) as asked);

create or replace transient table __starlode_rows as
with waiting as (
        select i."PRODUCT_ID", i."PRODUCT_KEY", m."PRODUCT_KEY" is null as "__STARLODE_IS_FREE"
          from __starlode_held as i
          left join __starlode_known as m on m."PRODUCT_ID" = i."PRODUCT_ID" and m."PRODUCT_KEY" = i."PRODUCT_KEY"
                and m.valid_from > timestamp '0001-01-01 00:00:00'
         where i.is_inferred),
matched as (
        select d."PRODUCT_KEY" as "__STARLODE_HELD_KEY", k."PRODUCT_KEY" as "__STARLODE_KNOWN_KEY", i."PRODUCT_KEY" as "__STARLODE_WAITING_KEY",
               case when i."__STARLODE_IS_FREE" and true then i."PRODUCT_KEY" end as "__STARLODE_TAKEN_KEY",
               d."NAME" is not distinct from c."NAME" as "__STARLODE_IS_SAME",
               c."PRODUCT_ID", c."NAME" as "NAME"
          from __starlode_chain as c
          left join __starlode_held as d on d."PRODUCT_ID" = c."PRODUCT_ID" and not d.is_inferred
          left join __starlode_known as k
            on k."PRODUCT_ID" = c."PRODUCT_ID" and k.valid_from = case when d."PRODUCT_KEY" is null then timestamp '0001-01-01 00:00:00' end
          left join waiting as i on i."PRODUCT_ID" = c."PRODUCT_ID"),
kept as (
        select *, coalesce("__STARLODE_HELD_KEY", "__STARLODE_KNOWN_KEY", "__STARLODE_TAKEN_KEY") as "__STARLODE_KEPT_KEY" from matched),
keyed as (
        select *, coalesce("__STARLODE_KEPT_KEY", coalesce((select max("PRODUCT_KEY") from "STARLODE"."DIM_PRODUCT (KEYS)"), 0)
                    + row_number() over (partition by "__STARLODE_KEPT_KEY" is null
                                         order by "PRODUCT_ID")) as "PRODUCT_KEY"
          from kept)
select "PRODUCT_KEY",
       case when "__STARLODE_HELD_KEY" is not null and "__STARLODE_IS_SAME" then 'same'
            when "__STARLODE_HELD_KEY" is not null or "__STARLODE_KEPT_KEY" = "__STARLODE_WAITING_KEY" then 'update'
            else 'insert' end as "__STARLODE_CHANGE",
       "__STARLODE_HELD_KEY" is null and "__STARLODE_KNOWN_KEY" is null as "__STARLODE_IS_NEW_PAIR",
       "PRODUCT_ID", "NAME"
  from keyed;

insert into "STARLODE"."DIM_PRODUCT (KEYS)" ("PRODUCT_ID", "VALID_FROM", "PRODUCT_KEY")
select "PRODUCT_ID", timestamp '0001-01-01 00:00:00', "PRODUCT_KEY"
  from __starlode_rows where "__STARLODE_IS_NEW_PAIR";

create table "STARLODE"."DIM_PRODUCT (BEFORE)" (
  "PRODUCT_KEY" number(19,0),
  "PRODUCT_ID" varchar,
  "NAME" varchar,
  "IS_INFERRED" boolean,
  "LOAD_KEY" number(19,0),
  "_CHANGED" number(19,0)
);

insert into "STARLODE"."DIM_PRODUCT (BEFORE)" ("PRODUCT_KEY", "PRODUCT_ID", "NAME", "IS_INFERRED", "LOAD_KEY", "_CHANGED")
select d."PRODUCT_KEY", d."PRODUCT_ID", d."NAME", d."IS_INFERRED", d."LOAD_KEY", 1
  from __starlode_held as d
 where (d."PRODUCT_ID") in (select "PRODUCT_ID" from __starlode_held)
   and d."PRODUCT_KEY" in (select h."PRODUCT_KEY" from __starlode_held as h
                   where not exists (select 1 from __starlode_rows as w where w."PRODUCT_KEY" = h."PRODUCT_KEY" and w."__STARLODE_CHANGE" = 'same'));

delete from "STAR"."DIM_PRODUCT" as d
 where (d."PRODUCT_ID") in (select "PRODUCT_ID" from __starlode_held)
   and d."PRODUCT_KEY" in (select h."PRODUCT_KEY" from __starlode_held as h
                   where not exists (select 1 from __starlode_rows as w where w."PRODUCT_KEY" = h."PRODUCT_KEY" and w."__STARLODE_CHANGE" = 'same'));

insert into "STAR"."DIM_PRODUCT" ("PRODUCT_KEY", "PRODUCT_ID", "NAME", is_inferred, load_key)
select "PRODUCT_KEY", "PRODUCT_ID", "NAME", false, 1 from __starlode_rows as w where "__STARLODE_CHANGE" <> 'same';
