drop table if exists "staging"."shop__products (new)";

create table "staging"."shop__products (new)" (
  "product_id" varchar(65535),
  "name" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

create table "staging"."shop__products (work)" (
  "product_id" varchar(65535),
  "name" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

create temp table "__starlode_arrived" (
  "product_id" varchar(65535),
  "name" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint
);

copy "__starlode_arrived" from 's3://(a manifest of landing/part-00001.parquet)'
iam_role default format as parquet manifest;

insert into "staging"."shop__products (work)" ("product_id", "name", "_file", "_row", "_load")
select cast("product_id" as varchar(65535)),
       cast("name" as varchar(65535)),
       cast("_file" as varchar(65535)),
       cast("_row" as bigint),
       1
  from "__starlode_arrived";

drop table "__starlode_arrived";

insert into "staging"."shop__products (new)" ("product_id", "name", "_file", "_row", "_load")
select "product_id", "name", "_file", "_row", "_load" from "staging"."shop__products (work)" where "_load" = 1;

alter table "staging"."shop__products (new)" rename to "shop__products";

drop table if exists "staging"."shop__products (gone)";

create table "staging"."shop__products (gone)" (
  "product_id" varchar(65535),
  "name" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint,
  "__starlode_row" bigint identity(1,1)
);
