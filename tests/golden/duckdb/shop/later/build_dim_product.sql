create table __starlode_touched as
select distinct * from (
select cast("product_id" as VARCHAR) as "product_id" from (
SELECT
  "products"."product_id" AS "product_id",
  "products"."__starlode_driving"
FROM (
  SELECT
    "product_id",
    "name",
    rowid AS "__starlode_driving"
  FROM "staging"."shop__products"
  WHERE
    "_load" > 9
) AS "products"
  ) as said
union all
select cast("product_id" as VARCHAR) as "product_id" from (
SELECT
  "products"."product_id" AS "product_id",
  "products"."__starlode_driving"
FROM (
  SELECT
    *,
    NULL AS "__starlode_driving"
  FROM (
    SELECT
      "product_id",
      "name"
    FROM "staging"."shop__products (gone)"
    WHERE
      "_load" <= 9 AND "_gone" > 9
  ) AS gone
) AS "products"
  ) as said
  ) as found;

create table __starlode_in as
select "product_id", "name"
  from (
SELECT
  *
FROM (
  SELECT
    "product_id",
    "name"
  FROM "staging"."shop__products"
  WHERE
    "_load" > 9
) AS "products"
  ) as chosen;

create table __starlode_chain as
select "product_id", "name", "__starlode_variants"
  from (select *, count(*) over (partition by "product_id") as "__starlode_variants",
               row_number() over (partition by "product_id"
                                  order by "__starlode_votes" desc, "name" nulls last) as "__starlode_choice"
          from (select "product_id", "name", count(*) as "__starlode_votes"
                  from __starlode_in where "product_id" is not null
                 group by "product_id", "name") as counted) as numbered
 where "__starlode_choice" = 1;

create table __starlode_rows as
with matched as (
        select coalesce(d."product_key", case when true then i."product_key" end) as "__starlode_held_key",
               case when d."product_key" is not null and d."name" is not distinct from c."name" then 'same'
                    when d."product_key" is not null then 'update' end as "__starlode_held_change",
               c."product_id", c."name" as "name"
          from __starlode_chain as c
          left join "star"."dim_product" as d on d."product_id" = c."product_id" and d."product_key" > 0 and not d.is_inferred
          left join "star"."dim_product" as i on i."product_id" = c."product_id" and i."product_key" > 0 and i.is_inferred)
select coalesce("__starlode_held_key", greatest(coalesce((select max("product_key") from "star"."dim_product"), 0), coalesce((select max(highest) from "starlode"."retired" where object = 'dim_product'), 0), 0)
                          + row_number() over (partition by "__starlode_held_key" is null
                                               order by "product_id")) as "product_key",
       case when "__starlode_held_key" is null then 'insert'
            else coalesce("__starlode_held_change", 'update') end as "__starlode_change",
       "product_id", "name"
  from matched;

update "star"."dim_product" as d
   set "product_id" = w."product_id",
       "name" = w."name",
       is_inferred = false, load_key = 1
  from __starlode_rows as w
 where w."__starlode_change" = 'update' and w."product_key" = d."product_key";

insert into "star"."dim_product" ("product_key", "product_id", "name", is_inferred, load_key)
select "product_key", "product_id", "name", false, 1 from __starlode_rows where "__starlode_change" = 'insert';
