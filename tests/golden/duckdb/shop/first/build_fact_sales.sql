create table __starlode_fact as
SELECT
  o.order_id,
  o.customer_id,
  o.product_id,
  p.name AS product_name,
  o.ordered_at,
  o.amount,
  o.quantity,
  "o"."__starlode_driving"
FROM (
  SELECT
    "order_id",
    "customer_id",
    "product_id",
    "ordered_at",
    "amount",
    "quantity",
    rowid AS "__starlode_driving"
  FROM "staging"."shop__orders"
) AS "o"
LEFT JOIN (
  SELECT
    "product_id",
    "name"
  FROM "staging"."shop__products"
) AS "p"
  USING (product_id)
WHERE
  o.quantity > 0;

create table "star"."fact_sales" (
  "customer_key" BIGINT,
  "product_key" BIGINT,
  "date_key" BIGINT,
  "order_id" BIGINT,
  "customer_id" VARCHAR,
  "product_id" VARCHAR,
  "product_name" VARCHAR,
  "ordered_at" TIMESTAMP,
  "amount" DECIMAL(12,2),
  "quantity" BIGINT,
  "load_key" BIGINT
);

insert into "star"."fact_sales" ("customer_key", "product_key", "date_key", "order_id", "customer_id", "product_id", "product_name", "ordered_at", "amount", "quantity", load_key)
select "customer_key", "product_key", "date_key", "order_id", "customer_id", "product_id", "product_name", "ordered_at", "amount", "quantity", 1 from (
select coalesce(d0."customer_key", -1) as "customer_key",
       coalesce(d1."product_key", -1) as "product_key",
       coalesce(cast(extract(year from cast(f."ordered_at" as TIMESTAMP)) * 10000 + extract(month from cast(f."ordered_at" as TIMESTAMP)) * 100 + extract(day from cast(f."ordered_at" as TIMESTAMP)) as BIGINT), -1) as "date_key",
       f."order_id", f."customer_id", f."product_id", f."product_name", f."ordered_at", f."amount", f."quantity"
  from __starlode_fact as f
  left join (select "customer_key", "customer_id", valid_to,
          case when row_number() over (partition by "customer_id" order by valid_from) = 1
               then timestamp '0001-01-01 00:00:00' else valid_from end as "__starlode_known_from"
     from "star"."dim_customer" as v where v."customer_key" > 0) as d0
    on d0."customer_id" = f."customer_id" and least(coalesce(cast(f."ordered_at" as TIMESTAMP), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') >= d0."__starlode_known_from" and least(coalesce(cast(f."ordered_at" as TIMESTAMP), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') < d0.valid_to
  left join "star"."dim_product" as d1 on d1."product_id" = f."product_id" and d1."product_key" > 0
  ) as keyed;
