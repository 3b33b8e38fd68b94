create or replace transient table __starlode_ids as
select distinct "__STARLODE_NUMBER" from (
select "__STARLODE_ROW" as "__STARLODE_NUMBER" from "STAGING"."SHOP__CUSTOMERS (SEEN)" where "_LOAD" > 8
  ) as found;

create or replace transient table __starlode_touched as
select distinct * from (
select cast("CUSTOMER_ID" as varchar) as "CUSTOMER_ID" from (
SELECT
  "CUSTOMERS"."CUSTOMER_ID" AS "CUSTOMER_ID",
  "CUSTOMERS"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    "CUSTOMER_ID",
    "CITY",
    "CHANGED_AT",
    "__STARLODE_ROW" AS "__STARLODE_DRIVING"
  FROM "STAGING"."SHOP__CUSTOMERS (SEEN)"
  WHERE
    "__STARLODE_ROW" IN (
      SELECT
        "__STARLODE_NUMBER"
      FROM __starlode_ids
    )
) AS "CUSTOMERS"
  ) as said ("CUSTOMER_ID", "__STARLODE_DRIVING")
union all
select cast("CUSTOMER_ID" as varchar) as "CUSTOMER_ID" from (
SELECT
  "CUSTOMERS"."CUSTOMER_ID" AS "CUSTOMER_ID",
  "CUSTOMERS"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    *,
    NULL AS "__STARLODE_DRIVING"
  FROM (
    SELECT
      "CUSTOMER_ID",
      "CITY",
      "CHANGED_AT"
    FROM "STAGING"."SHOP__CUSTOMERS (SEEN) (GONE)"
    WHERE
      "_LOAD" <= 8 AND "_GONE" > 8
  ) AS gone
) AS "CUSTOMERS"
  ) as said ("CUSTOMER_ID", "__STARLODE_DRIVING")
  ) as found;

insert into __starlode_ids ("__STARLODE_NUMBER")
select distinct k."__STARLODE_DRIVING"
  from (
SELECT
  "CUSTOMERS"."CUSTOMER_ID" AS "CUSTOMER_ID",
  "CUSTOMERS"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    "CUSTOMER_ID",
    "CITY",
    "CHANGED_AT",
    "__STARLODE_ROW" AS "__STARLODE_DRIVING"
  FROM "STAGING"."SHOP__CUSTOMERS (SEEN)"
) AS "CUSTOMERS"
  ) as k ("CUSTOMER_ID", "__STARLODE_DRIVING")
 where (cast(k."CUSTOMER_ID" as varchar)) in (select "CUSTOMER_ID" from __starlode_touched)
   and k."__STARLODE_DRIVING" not in (select "__STARLODE_NUMBER" from __starlode_ids);

create or replace transient table __starlode_in as
select "CUSTOMER_ID", "CITY", cast("CHANGED_AT" as timestamp_ntz(6)) as "__STARLODE_SEEN_AT"
  from (
select cast("CUSTOMER_ID" as varchar) as "CUSTOMER_ID",
       cast("CITY" as varchar) as "CITY",
       cast("CHANGED_AT" as timestamp_ntz(6)) as "CHANGED_AT"
  from (
SELECT
  "CUSTOMERS"."CUSTOMER_ID" AS "CUSTOMER_ID",
  "CUSTOMERS"."CITY" AS "CITY",
  "CUSTOMERS"."CHANGED_AT" AS "CHANGED_AT"
FROM (
  SELECT
    "CUSTOMER_ID",
    "CITY",
    "CHANGED_AT"
  FROM "STAGING"."SHOP__CUSTOMERS (SEEN)"
  WHERE
    "__STARLODE_ROW" IN (
      SELECT
        "__STARLODE_NUMBER"
      FROM __starlode_ids
    )
) AS "CUSTOMERS"
  ) as said ("CUSTOMER_ID", "CITY", "CHANGED_AT")
  ) as chosen;

create or replace transient table __starlode_chain as
with marked as (
        select "CUSTOMER_ID", "CITY", "__STARLODE_SEEN_AT" as valid_from,
               row_number() over (partition by "CUSTOMER_ID" order by "__STARLODE_SEEN_AT", "CITY" nulls first) > 1
               and "CITY" is not distinct from lag("CITY") over (partition by "CUSTOMER_ID" order by "__STARLODE_SEEN_AT", "CITY" nulls first) as "__STARLODE_IS_REPEAT"
          from __starlode_in
         where "CUSTOMER_ID" is not null and "__STARLODE_SEEN_AT" is not null)
select "CUSTOMER_ID", "CITY", valid_from,
       coalesce(lead(valid_from) over (partition by "CUSTOMER_ID" order by valid_from), timestamp '9999-12-31 00:00:00') as valid_to
  from marked where not "__STARLODE_IS_REPEAT";

create or replace transient table __starlode_held as
select * from "STAR"."DIM_CUSTOMER" as d
 where d."CUSTOMER_KEY" > 0 and (d."CUSTOMER_ID") in (select "CUSTOMER_ID" from __starlode_chain);

create or replace transient table __starlode_known as
select * from "STARLODE"."DIM_CUSTOMER (KEYS)" as m
 where (m."CUSTOMER_ID") in (select "CUSTOMER_ID" from (select c."CUSTOMER_ID" from __starlode_chain as c
          left join __starlode_held as d on d."CUSTOMER_ID" = c."CUSTOMER_ID" and d."VALID_FROM" = c."VALID_FROM" and not d.is_inferred
         where d."CUSTOMER_KEY" is null) as asked);

create or replace transient table __starlode_rows as
with waiting as (
        select i."CUSTOMER_ID", i."CUSTOMER_KEY", m."CUSTOMER_KEY" is null as "__STARLODE_IS_FREE"
          from __starlode_held as i
          left join __starlode_known as m on m."CUSTOMER_ID" = i."CUSTOMER_ID" and m."CUSTOMER_KEY" = i."CUSTOMER_KEY"
                and m.valid_from > timestamp '0001-01-01 00:00:00'
         where i.is_inferred or i.valid_from = timestamp '0001-01-01 00:00:00'),
matched as (
        select d."CUSTOMER_KEY" as "__STARLODE_HELD_KEY", k."CUSTOMER_KEY" as "__STARLODE_KNOWN_KEY", i."CUSTOMER_KEY" as "__STARLODE_WAITING_KEY",
               case when i."__STARLODE_IS_FREE" and row_number() over (partition by c."CUSTOMER_ID" order by c.valid_from) = 1 then i."CUSTOMER_KEY" end as "__STARLODE_TAKEN_KEY",
               d."CITY" is not distinct from c."CITY" and d."VALID_FROM" is not distinct from c.valid_from and d."VALID_TO" is not distinct from c.valid_to and d."IS_CURRENT" is not distinct from (c.valid_to = timestamp '9999-12-31 00:00:00') as "__STARLODE_IS_SAME",
               c."CUSTOMER_ID", c."CITY" as "CITY", c.valid_from as "VALID_FROM", c.valid_to as "VALID_TO", (c.valid_to = timestamp '9999-12-31 00:00:00') as "IS_CURRENT"
          from __starlode_chain as c
          left join __starlode_held as d on d."CUSTOMER_ID" = c."CUSTOMER_ID" and d."VALID_FROM" = c."VALID_FROM" and not d.is_inferred
          left join __starlode_known as k
            on k."CUSTOMER_ID" = c."CUSTOMER_ID" and k.valid_from = case when d."CUSTOMER_KEY" is null then c.valid_from end
          left join waiting as i on i."CUSTOMER_ID" = c."CUSTOMER_ID"),
kept as (
        select *, coalesce("__STARLODE_HELD_KEY", "__STARLODE_KNOWN_KEY", "__STARLODE_TAKEN_KEY") as "__STARLODE_KEPT_KEY" from matched),
keyed as (
        select *, coalesce("__STARLODE_KEPT_KEY", coalesce((select max("CUSTOMER_KEY") from "STARLODE"."DIM_CUSTOMER (KEYS)"), 0)
                    + row_number() over (partition by "__STARLODE_KEPT_KEY" is null
                                         order by "CUSTOMER_ID", "VALID_FROM")) as "CUSTOMER_KEY"
          from kept)
select "CUSTOMER_KEY",
       case when "__STARLODE_HELD_KEY" is not null and "__STARLODE_IS_SAME" then 'same'
            when "__STARLODE_HELD_KEY" is not null or "__STARLODE_KEPT_KEY" = "__STARLODE_WAITING_KEY" then 'update'
            else 'insert' end as "__STARLODE_CHANGE",
       "__STARLODE_HELD_KEY" is null and "__STARLODE_KNOWN_KEY" is null as "__STARLODE_IS_NEW_PAIR",
       "CUSTOMER_ID", "CITY", "VALID_FROM", "VALID_TO", "IS_CURRENT"
  from keyed;

insert into "STARLODE"."DIM_CUSTOMER (KEYS)" ("CUSTOMER_ID", "VALID_FROM", "CUSTOMER_KEY")
select "CUSTOMER_ID", valid_from, "CUSTOMER_KEY"
  from __starlode_rows where "__STARLODE_IS_NEW_PAIR";

create table "STARLODE"."DIM_CUSTOMER (BEFORE)" (
  "CUSTOMER_KEY" number(19,0),
  "CUSTOMER_ID" varchar,
  "CITY" varchar,
  "VALID_FROM" timestamp_ntz(6),
  "VALID_TO" timestamp_ntz(6),
  "IS_CURRENT" boolean,
  "IS_INFERRED" boolean,
  "LOAD_KEY" number(19,0),
  "_CHANGED" number(19,0)
);

insert into "STARLODE"."DIM_CUSTOMER (BEFORE)" ("CUSTOMER_KEY", "CUSTOMER_ID", "CITY", "VALID_FROM", "VALID_TO", "IS_CURRENT", "IS_INFERRED", "LOAD_KEY", "_CHANGED")
select d."CUSTOMER_KEY", d."CUSTOMER_ID", d."CITY", d."VALID_FROM", d."VALID_TO", d."IS_CURRENT", d."IS_INFERRED", d."LOAD_KEY", 1
  from __starlode_held as d
 where (d."CUSTOMER_ID") in (select "CUSTOMER_ID" from __starlode_held)
   and d."CUSTOMER_KEY" in (select h."CUSTOMER_KEY" from __starlode_held as h
                   where not exists (select 1 from __starlode_rows as w where w."CUSTOMER_KEY" = h."CUSTOMER_KEY" and w."__STARLODE_CHANGE" = 'same'));

delete from "STAR"."DIM_CUSTOMER" as d
 where (d."CUSTOMER_ID") in (select "CUSTOMER_ID" from __starlode_held)
   and d."CUSTOMER_KEY" in (select h."CUSTOMER_KEY" from __starlode_held as h
                   where not exists (select 1 from __starlode_rows as w where w."CUSTOMER_KEY" = h."CUSTOMER_KEY" and w."__STARLODE_CHANGE" = 'same'));

insert into "STAR"."DIM_CUSTOMER" ("CUSTOMER_KEY", "CUSTOMER_ID", "CITY", "VALID_FROM", "VALID_TO", "IS_CURRENT", is_inferred, load_key)
select "CUSTOMER_KEY", "CUSTOMER_ID", "CITY", "VALID_FROM", "VALID_TO", "IS_CURRENT", false, 1 from __starlode_rows as w where "__STARLODE_CHANGE" <> 'same';
