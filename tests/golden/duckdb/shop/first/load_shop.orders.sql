create table "staging"."shop__orders" (
  "order_id" BIGINT,
  "customer_id" VARCHAR,
  "product_id" VARCHAR,
  "ordered_at" TIMESTAMP,
  "amount" DECIMAL(12,2),
  "quantity" BIGINT,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT
);

drop table if exists "staging"."shop__orders (gone)";

create table "staging"."shop__orders (gone)" (
  "order_id" BIGINT,
  "customer_id" VARCHAR,
  "product_id" VARCHAR,
  "ordered_at" TIMESTAMP,
  "amount" DECIMAL(12,2),
  "quantity" BIGINT,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT,
  "_gone" BIGINT
);

insert into "staging"."shop__orders" ("order_id", "customer_id", "product_id", "ordered_at", "amount", "quantity", "_file", "_row", "_load")
select cast("order_id" as BIGINT), cast("customer_id" as VARCHAR), cast("product_id" as VARCHAR), cast("ordered_at" as TIMESTAMP), cast("amount" as DECIMAL(12,2)), cast("quantity" as BIGINT), cast("_file" as VARCHAR), cast("_row" as BIGINT), 1
  from the landed files landing/part-00001.parquet;
