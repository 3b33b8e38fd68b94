create or replace transient table __starlode_ids as
select distinct "__STARLODE_NUMBER" from (
select "__STARLODE_ROW" as "__STARLODE_NUMBER" from "STAGING"."SHOP__ORDERS" where "_LOAD" > 10
union all
select "__STARLODE_DRIVING" as "__STARLODE_NUMBER" from (
SELECT
  "O"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    "ORDER_ID",
    "CUSTOMER_ID",
    "PRODUCT_ID",
    "ORDERED_AT",
    "AMOUNT",
    "QUANTITY",
    "__STARLODE_ROW" AS "__STARLODE_DRIVING"
  FROM "STAGING"."SHOP__ORDERS"
) AS "O"
JOIN (
  SELECT
    "PRODUCT_ID",
    "NAME"
  FROM "STAGING"."SHOP__PRODUCTS"
  WHERE
    "_LOAD" > 10
  UNION ALL
  SELECT
    "PRODUCT_ID",
    "NAME"
  FROM "STAGING"."SHOP__PRODUCTS (GONE)"
  WHERE
    "_LOAD" <= 10 AND "_GONE" > 10
) AS "P"
  ON "O"."PRODUCT_ID" = "P"."PRODUCT_ID"
WHERE
  "O"."QUANTITY" > 0
  ) as cut
  ) as found;

create or replace transient table __starlode_touched as
select distinct * from (
select cast("ORDER_ID" as number(19,0)) as "ORDER_ID" from (
SELECT
  "O"."ORDER_ID" AS "ORDER_ID",
  "O"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    "ORDER_ID",
    "CUSTOMER_ID",
    "PRODUCT_ID",
    "ORDERED_AT",
    "AMOUNT",
    "QUANTITY",
    "__STARLODE_ROW" AS "__STARLODE_DRIVING"
  FROM "STAGING"."SHOP__ORDERS"
  WHERE
    "__STARLODE_ROW" IN (
      SELECT
        "__STARLODE_NUMBER"
      FROM __starlode_ids
    )
) AS "O"
  ) as said ("ORDER_ID", "__STARLODE_DRIVING")
union all
select cast("ORDER_ID" as number(19,0)) as "ORDER_ID" from (
SELECT
  "O"."ORDER_ID" AS "ORDER_ID",
  "O"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    *,
    NULL AS "__STARLODE_DRIVING"
  FROM (
    SELECT
      "ORDER_ID",
      "CUSTOMER_ID",
      "PRODUCT_ID",
      "ORDERED_AT",
      "AMOUNT",
      "QUANTITY"
    FROM "STAGING"."SHOP__ORDERS (GONE)"
    WHERE
      "_LOAD" <= 10 AND "_GONE" > 10
  ) AS gone
) AS "O"
  ) as said ("ORDER_ID", "__STARLODE_DRIVING")
  ) as found;

insert into __starlode_ids ("__STARLODE_NUMBER")
select distinct k."__STARLODE_DRIVING"
  from (
SELECT
  "O"."ORDER_ID" AS "ORDER_ID",
  "O"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    "ORDER_ID",
    "CUSTOMER_ID",
    "PRODUCT_ID",
    "ORDERED_AT",
    "AMOUNT",
    "QUANTITY",
    "__STARLODE_ROW" AS "__STARLODE_DRIVING"
  FROM "STAGING"."SHOP__ORDERS"
) AS "O"
  ) as k ("ORDER_ID", "__STARLODE_DRIVING")
 where (cast(k."ORDER_ID" as number(19,0))) in (select "ORDER_ID" from __starlode_touched)
   and k."__STARLODE_DRIVING" not in (select "__STARLODE_NUMBER" from __starlode_ids);

create or replace transient table __starlode_fact as
select cast("ORDER_ID" as number(19,0)) as "ORDER_ID",
       cast("CUSTOMER_ID" as varchar) as "CUSTOMER_ID",
       cast("PRODUCT_ID" as varchar) as "PRODUCT_ID",
       cast("PRODUCT_NAME" as varchar) as "PRODUCT_NAME",
       cast("ORDERED_AT" as timestamp_ntz(6)) as "ORDERED_AT",
       cast("AMOUNT" as number(12,2)) as "AMOUNT",
       cast("QUANTITY" as number(19,0)) as "QUANTITY",
       "__STARLODE_DRIVING"
  from (
SELECT
  "O"."ORDER_ID" AS "ORDER_ID",
  "O"."CUSTOMER_ID" AS "CUSTOMER_ID",
  "O"."PRODUCT_ID" AS "PRODUCT_ID",
  "P"."NAME" AS "PRODUCT_NAME",
  "O"."ORDERED_AT" AS "ORDERED_AT",
  "O"."AMOUNT" AS "AMOUNT",
  "O"."QUANTITY" AS "QUANTITY",
  "O"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    "ORDER_ID",
    "CUSTOMER_ID",
    "PRODUCT_ID",
    "ORDERED_AT",
    "AMOUNT",
    "QUANTITY",
    "__STARLODE_ROW" AS "__STARLODE_DRIVING"
  FROM "STAGING"."SHOP__ORDERS"
  WHERE
    "__STARLODE_ROW" IN (
      SELECT
        "__STARLODE_NUMBER"
      FROM __starlode_ids
    )
) AS "O"
LEFT JOIN (
  SELECT
    "PRODUCT_ID",
    "NAME"
  FROM "STAGING"."SHOP__PRODUCTS"
) AS "P"
  ON "O"."PRODUCT_ID" = "P"."PRODUCT_ID"
WHERE
  "O"."QUANTITY" > 0
  ) as said ("ORDER_ID", "CUSTOMER_ID", "PRODUCT_ID", "PRODUCT_NAME", "ORDERED_AT", "AMOUNT", "QUANTITY", "__STARLODE_DRIVING");

create or replace transient table __starlode_keyed as
select coalesce(d0."CUSTOMER_KEY", -1) as "CUSTOMER_KEY",
       coalesce(d1."PRODUCT_KEY", -1) as "PRODUCT_KEY",
       coalesce(cast(extract(year from cast(f."ORDERED_AT" as timestamp_ntz(6))) * 10000 + extract(month from cast(f."ORDERED_AT" as timestamp_ntz(6))) * 100 + extract(day from cast(f."ORDERED_AT" as timestamp_ntz(6))) as number(19,0)), -1) as "DATE_KEY",
       f."ORDER_ID", f."CUSTOMER_ID", f."PRODUCT_ID", f."PRODUCT_NAME", f."ORDERED_AT", f."AMOUNT", f."QUANTITY"
  from __starlode_fact as f
  left join (select "CUSTOMER_KEY", "CUSTOMER_ID", valid_to,
          case when row_number() over (partition by "CUSTOMER_ID" order by valid_from) = 1
               then timestamp '0001-01-01 00:00:00' else valid_from end as "__STARLODE_KNOWN_FROM"
     from "STAR"."DIM_CUSTOMER" as v where v."CUSTOMER_KEY" > 0
      and (v."CUSTOMER_ID") in (select "CUSTOMER_ID" from __starlode_fact)) as d0
    on d0."CUSTOMER_ID" = f."CUSTOMER_ID" and least(coalesce(cast(f."ORDERED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') >= d0."__STARLODE_KNOWN_FROM" and least(coalesce(cast(f."ORDERED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') < d0.valid_to
  left join "STAR"."DIM_PRODUCT" as d1 on d1."PRODUCT_ID" = f."PRODUCT_ID" and d1."PRODUCT_KEY" > 0;

create or replace transient table __starlode_held as
select f.* from "STAR"."FACT_SALES" as f
 where (f."ORDER_ID") in (select "ORDER_ID" from __starlode_touched);

create or replace transient table __starlode_changes as
select w."ORDER_ID",
       case when f.load_key is null then 'insert'
            when f."CUSTOMER_KEY" is not distinct from w."CUSTOMER_KEY" and f."PRODUCT_KEY" is not distinct from w."PRODUCT_KEY" and f."DATE_KEY" is not distinct from w."DATE_KEY" and f."ORDER_ID" is not distinct from w."ORDER_ID" and f."CUSTOMER_ID" is not distinct from w."CUSTOMER_ID" and f."PRODUCT_ID" is not distinct from w."PRODUCT_ID" and f."PRODUCT_NAME" is not distinct from w."PRODUCT_NAME" and f."ORDERED_AT" is not distinct from w."ORDERED_AT" and f."AMOUNT" is not distinct from w."AMOUNT" and f."QUANTITY" is not distinct from w."QUANTITY" then 'same' else 'update' end as "__STARLODE_CHANGE"
  from __starlode_keyed as w left join __starlode_held as f on f."ORDER_ID" = w."ORDER_ID"
union all
select f."ORDER_ID", 'delete'
  from __starlode_held as f
 where not exists (select 1 from __starlode_keyed as w where f."ORDER_ID" = w."ORDER_ID");

create table "STARLODE"."FACT_SALES (BEFORE)" (
  "CUSTOMER_KEY" number(19,0),
  "PRODUCT_KEY" number(19,0),
  "DATE_KEY" number(19,0),
  "ORDER_ID" number(19,0),
  "CUSTOMER_ID" varchar,
  "PRODUCT_ID" varchar,
  "PRODUCT_NAME" varchar,
  "ORDERED_AT" timestamp_ntz(6),
  "AMOUNT" number(12,2),
  "QUANTITY" number(19,0),
  "LOAD_KEY" number(19,0),
  "_CHANGED" number(19,0)
);

insert into "STARLODE"."FACT_SALES (BEFORE)" ("CUSTOMER_KEY", "PRODUCT_KEY", "DATE_KEY", "ORDER_ID", "CUSTOMER_ID", "PRODUCT_ID", "PRODUCT_NAME", "ORDERED_AT", "AMOUNT", "QUANTITY", "LOAD_KEY", "_CHANGED")
select f."CUSTOMER_KEY", f."PRODUCT_KEY", f."DATE_KEY", f."ORDER_ID", f."CUSTOMER_ID", f."PRODUCT_ID", f."PRODUCT_NAME", f."ORDERED_AT", f."AMOUNT", f."QUANTITY", f."LOAD_KEY", 1
  from __starlode_held as f
 where (f."ORDER_ID") in (select "ORDER_ID" from __starlode_changes where "__STARLODE_CHANGE" in ('update', 'delete'));

delete from "STAR"."FACT_SALES" as f
 where (f."ORDER_ID") in (select "ORDER_ID" from __starlode_changes where "__STARLODE_CHANGE" in ('update', 'delete'));

insert into "STAR"."FACT_SALES" ("CUSTOMER_KEY", "PRODUCT_KEY", "DATE_KEY", "ORDER_ID", "CUSTOMER_ID", "PRODUCT_ID", "PRODUCT_NAME", "ORDERED_AT", "AMOUNT", "QUANTITY", load_key)
select w."CUSTOMER_KEY", w."PRODUCT_KEY", w."DATE_KEY", w."ORDER_ID", w."CUSTOMER_ID", w."PRODUCT_ID", w."PRODUCT_NAME", w."ORDERED_AT", w."AMOUNT", w."QUANTITY", 1
  from __starlode_keyed as w join __starlode_changes as c on c."ORDER_ID" = w."ORDER_ID" and c."__STARLODE_CHANGE" <> 'same';

create or replace transient table __starlode_members as
select distinct "CUSTOMER_ID"
  from "STAR"."DIM_CUSTOMER"
 where load_key > 10 and "CUSTOMER_KEY" > 0;

create or replace transient table __starlode_pointed as
select f."ORDER_ID", f."CUSTOMER_ID", f."ORDERED_AT", f."CUSTOMER_KEY"
  from "STAR"."FACT_SALES" as f
 where (f."CUSTOMER_ID") in (select "CUSTOMER_ID" from __starlode_members);

create or replace transient table __starlode_points as
select "ORDER_ID", "CUSTOMER_KEY"
  from (select f."ORDER_ID", coalesce(d0."CUSTOMER_KEY", -1) as "CUSTOMER_KEY",
               f."CUSTOMER_KEY" as "__STARLODE_BEFORE0"
          from __starlode_pointed as f
          left join (select "CUSTOMER_KEY", "CUSTOMER_ID", valid_to,
          case when row_number() over (partition by "CUSTOMER_ID" order by valid_from) = 1
               then timestamp '0001-01-01 00:00:00' else valid_from end as "__STARLODE_KNOWN_FROM"
     from "STAR"."DIM_CUSTOMER" as v where v."CUSTOMER_KEY" > 0
      and (v."CUSTOMER_ID") in (select "CUSTOMER_ID" from __starlode_pointed)) as d0
    on d0."CUSTOMER_ID" = f."CUSTOMER_ID" and least(coalesce(cast(f."ORDERED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') >= d0."__STARLODE_KNOWN_FROM" and least(coalesce(cast(f."ORDERED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') < d0.valid_to) as found
 where "CUSTOMER_KEY" <> "__STARLODE_BEFORE0";

create or replace transient table __starlode_moved as
select f.* from "STAR"."FACT_SALES" as f
 where (f."ORDER_ID") in (select "ORDER_ID" from __starlode_points);

insert into "STARLODE"."FACT_SALES (BEFORE)" ("CUSTOMER_KEY", "PRODUCT_KEY", "DATE_KEY", "ORDER_ID", "CUSTOMER_ID", "PRODUCT_ID", "PRODUCT_NAME", "ORDERED_AT", "AMOUNT", "QUANTITY", "LOAD_KEY", "_CHANGED")
select f."CUSTOMER_KEY", f."PRODUCT_KEY", f."DATE_KEY", f."ORDER_ID", f."CUSTOMER_ID", f."PRODUCT_ID", f."PRODUCT_NAME", f."ORDERED_AT", f."AMOUNT", f."QUANTITY", f."LOAD_KEY", 1
  from __starlode_moved as f
 where true;

delete from "STAR"."FACT_SALES" as f
 where (f."ORDER_ID") in (select "ORDER_ID" from __starlode_points);

insert into "STAR"."FACT_SALES" ("CUSTOMER_KEY", "PRODUCT_KEY", "DATE_KEY", "ORDER_ID", "CUSTOMER_ID", "PRODUCT_ID", "PRODUCT_NAME", "ORDERED_AT", "AMOUNT", "QUANTITY", load_key)
select p."CUSTOMER_KEY", f."PRODUCT_KEY", f."DATE_KEY", f."ORDER_ID", f."CUSTOMER_ID", f."PRODUCT_ID", f."PRODUCT_NAME", f."ORDERED_AT", f."AMOUNT", f."QUANTITY", 1
  from __starlode_moved as f join __starlode_points as p on p."ORDER_ID" = f."ORDER_ID";
