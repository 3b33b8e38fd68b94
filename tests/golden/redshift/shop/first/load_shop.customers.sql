create table "staging"."shop__customers" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

drop table if exists "staging"."shop__customers (gone)";

create table "staging"."shop__customers (gone)" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint,
  "__starlode_row" bigint identity(1,1)
);

create table "staging"."shop__customers (work)" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

create temp table "__starlode_arrived" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint
);

copy "__starlode_arrived" from 's3://(a manifest of landing/part-00001.parquet)'
iam_role default format as parquet manifest;

insert into "staging"."shop__customers (work)" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select cast("customer_id" as varchar(65535)),
       cast("city" as varchar(65535)),
       cast("changed_at" as timestamp),
       cast("_file" as varchar(65535)),
       cast("_row" as bigint),
       1
  from "__starlode_arrived";

drop table "__starlode_arrived";

insert into "staging"."shop__customers" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select "customer_id", "city", "changed_at", "_file", "_row", "_load" from "staging"."shop__customers (work)" where "_load" = 1;

create table "staging"."shop__customers (seen)" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

drop table if exists "staging"."shop__customers (seen) (gone)";

create table "staging"."shop__customers (seen) (gone)" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint,
  "__starlode_row" bigint identity(1,1)
);

create temp table "__starlode_arrived" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint
);

copy "__starlode_arrived" from 's3://(a manifest of landing/part-00001.parquet)'
iam_role default format as parquet manifest;

insert into "staging"."shop__customers (seen)" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select cast("customer_id" as varchar(65535)),
       cast("city" as varchar(65535)),
       cast("changed_at" as timestamp),
       cast("_file" as varchar(65535)),
       cast("_row" as bigint),
       1
  from "__starlode_arrived";

drop table "__starlode_arrived";
