create table "staging"."shop__customers" (
  "customer_id" VARCHAR,
  "city" VARCHAR,
  "changed_at" TIMESTAMP,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT
);

drop table if exists "staging"."shop__customers (gone)";

create table "staging"."shop__customers (gone)" (
  "customer_id" VARCHAR,
  "city" VARCHAR,
  "changed_at" TIMESTAMP,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT,
  "_gone" BIGINT
);

create table "staging"."shop__customers (work)" (
  "customer_id" VARCHAR,
  "city" VARCHAR,
  "changed_at" TIMESTAMP,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT
);

insert into "staging"."shop__customers (work)" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select cast("customer_id" as VARCHAR), cast("city" as VARCHAR), cast("changed_at" as TIMESTAMP), cast("_file" as VARCHAR), cast("_row" as BIGINT), 1
  from the landed files landing/part-00001.parquet;

insert into "staging"."shop__customers" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select "customer_id", "city", "changed_at", "_file", "_row", "_load" from "staging"."shop__customers (work)" where "_load" = 1;

create table "staging"."shop__customers (seen)" (
  "customer_id" VARCHAR,
  "city" VARCHAR,
  "changed_at" TIMESTAMP,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT
);

drop table if exists "staging"."shop__customers (seen) (gone)";

create table "staging"."shop__customers (seen) (gone)" (
  "customer_id" VARCHAR,
  "city" VARCHAR,
  "changed_at" TIMESTAMP,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT,
  "_gone" BIGINT
);

insert into "staging"."shop__customers (seen)" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select cast("customer_id" as VARCHAR), cast("city" as VARCHAR), cast("changed_at" as TIMESTAMP), cast("_file" as VARCHAR), cast("_row" as BIGINT), 1
  from the landed files landing/part-00001.parquet;
