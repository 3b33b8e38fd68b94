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

create table "STAR"."FACT_SALES" (
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
  "LOAD_KEY" number(19,0)
)
cluster by ("CUSTOMER_KEY", "PRODUCT_ID");

insert into "STAR"."FACT_SALES" ("CUSTOMER_KEY", "PRODUCT_KEY", "DATE_KEY", "ORDER_ID", "CUSTOMER_ID", "PRODUCT_ID", "PRODUCT_NAME", "ORDERED_AT", "AMOUNT", "QUANTITY", load_key)
select "CUSTOMER_KEY", "PRODUCT_KEY", "DATE_KEY", "ORDER_ID", "CUSTOMER_ID", "PRODUCT_ID", "PRODUCT_NAME", "ORDERED_AT", "AMOUNT", "QUANTITY", 1 from (
select coalesce(d0."CUSTOMER_KEY", -1) as "CUSTOMER_KEY",
       coalesce(d1."PRODUCT_KEY", -1) as "PRODUCT_KEY",
       coalesce(cast(extract(year from cast(f."ORDERED_AT" as timestamp_ntz(6))) * 10000 + extract(month from cast(f."ORDERED_AT" as timestamp_ntz(6))) * 100 + extract(day from cast(f."ORDERED_AT" as timestamp_ntz(6))) as number(19,0)), -1) as "DATE_KEY",
       f."ORDER_ID", f."CUSTOMER_ID", f."PRODUCT_ID", f."PRODUCT_NAME", f."ORDERED_AT", f."AMOUNT", f."QUANTITY"
  from __starlode_fact as f
  left join (select "CUSTOMER_KEY", "CUSTOMER_ID", valid_to,
          case when row_number() over (partition by "CUSTOMER_ID" order by valid_from) = 1
               then timestamp '0001-01-01 00:00:00' else valid_from end as "__STARLODE_KNOWN_FROM"
     from "STAR"."DIM_CUSTOMER" as v where v."CUSTOMER_KEY" > 0) as d0
    on d0."CUSTOMER_ID" = f."CUSTOMER_ID" and least(coalesce(cast(f."ORDERED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') >= d0."__STARLODE_KNOWN_FROM" and least(coalesce(cast(f."ORDERED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') < d0.valid_to
  left join "STAR"."DIM_PRODUCT" as d1 on d1."PRODUCT_ID" = f."PRODUCT_ID" and d1."PRODUCT_KEY" > 0
  ) as keyed;
