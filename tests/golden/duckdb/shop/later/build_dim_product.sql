create temp table work_in as
select "product_id", "name"
  from (
SELECT
  *
FROM (
  SELECT
    "product_id",
    "name"
  FROM "staging"."shop__products"
) AS "products"
  ) as chosen;

create temp table work_chain as
select "product_id", "name", variants
  from (select *, count(*) over (partition by "product_id") as variants,
               row_number() over (partition by "product_id"
                                  order by votes desc, "name" nulls last) as choice
          from (select "product_id", "name", count(*) as votes
                  from work_in where "product_id" is not null
                 group by "product_id", "name") as counted) as numbered
 where choice = 1;

create temp table work_rows as
with matched as (
        select coalesce(d."product_key", case when true then i."product_key" end) as held_key,
               case when d."product_key" is not null and d."name" is not distinct from c."name" then 'same'
                    when d."product_key" is not null then 'update' end as held_change,
               c."product_id", c."name" as "name"
          from work_chain as c
          left join "star"."dim_product" as d on d."product_id" = c."product_id" and d."product_key" > 0 and not d.is_inferred
          left join "star"."dim_product" as i on i."product_id" = c."product_id" and i."product_key" > 0 and i.is_inferred)
select coalesce(held_key, greatest(coalesce((select max("product_key") from "star"."dim_product"), 0), coalesce((select max(highest) from "starlode"."retired" where object = 'dim_product'), 0), 0)
                          + row_number() over (partition by held_key is null
                                               order by "product_id")) as "product_key",
       case when held_key is null then 'insert' else coalesce(held_change, 'update') end as change,
       "product_id", "name"
  from matched;

update "star"."dim_product" as d
   set "product_id" = w."product_id",
       "name" = w."name",
       is_inferred = false, load_key = 1
  from work_rows as w
 where w.change = 'update' and w."product_key" = d."product_key";

insert into "star"."dim_product" ("product_key", "product_id", "name", is_inferred, load_key)
select "product_key", "product_id", "name", false, 1 from work_rows where change = 'insert';
