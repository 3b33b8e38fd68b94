create table "staging"."shop__orders" (
  "order_id" bigint,
  "customer_id" varchar(65535),
  "product_id" varchar(65535),
  "ordered_at" timestamp,
  "amount" decimal(12,2),
  "quantity" bigint,
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
)
diststyle key distkey ("order_id")
compound sortkey ("ordered_at");

drop table if exists "staging"."shop__orders (gone)";

create table "staging"."shop__orders (gone)" (
  "order_id" bigint,
  "customer_id" varchar(65535),
  "product_id" varchar(65535),
  "ordered_at" timestamp,
  "amount" decimal(12,2),
  "quantity" bigint,
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint,
  "__starlode_row" bigint identity(1,1)
);

create temp table "__starlode_arrived" (
  "order_id" bigint,
  "customer_id" varchar(65535),
  "product_id" varchar(65535),
  "ordered_at" timestamp,
  "amount" decimal(12,2),
  "quantity" bigint,
  "_file" varchar(65535),
  "_row" bigint
);

copy "__starlode_arrived" from 's3://(a manifest of landing/part-00001.parquet)'
iam_role default format as parquet manifest;

insert into "staging"."shop__orders" ("order_id", "customer_id", "product_id", "ordered_at", "amount", "quantity", "_file", "_row", "_load")
select cast("order_id" as bigint),
       cast("customer_id" as varchar(65535)),
       cast("product_id" as varchar(65535)),
       cast("ordered_at" as timestamp),
       cast("amount" as decimal(12,2)),
       cast("quantity" as bigint),
       cast("_file" as varchar(65535)),
       cast("_row" as bigint),
       1
  from "__starlode_arrived";

drop table "__starlode_arrived";
