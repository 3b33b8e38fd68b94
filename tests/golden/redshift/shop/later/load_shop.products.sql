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

create temp table "__starlode_difference" as
select coalesce(n."product_id", o."product_id") as "product_id",
       case when o."__starlode_content" is null then 'insert'
            when n."__starlode_content" is null then 'delete'
            when o."__starlode_content" <> n."__starlode_content" then 'update' else 'move' end as "__starlode_change"
  from (select "product_id" as "product_id", fnv_hash(coalesce(cast("name" as varchar(65535)), ''), fnv_hash(case when "name" is null then 0 else 1 end, fnv_hash(coalesce(cast("product_id" as varchar(65535)), ''), fnv_hash(case when "product_id" is null then 0 else 1 end, 0)))) as "__starlode_content", fnv_hash(coalesce(cast("_row" as varchar(65535)), ''), fnv_hash(case when "_row" is null then 0 else 1 end, fnv_hash(coalesce(cast("_file" as varchar(65535)), ''), fnv_hash(case when "_file" is null then 0 else 1 end, 0)))) as "__starlode_place" from "staging"."shop__products") as o
  full join (select "product_id" as "product_id", fnv_hash(coalesce(cast("name" as varchar(65535)), ''), fnv_hash(case when "name" is null then 0 else 1 end, fnv_hash(coalesce(cast("product_id" as varchar(65535)), ''), fnv_hash(case when "product_id" is null then 0 else 1 end, 0)))) as "__starlode_content", fnv_hash(coalesce(cast("_row" as varchar(65535)), ''), fnv_hash(case when "_row" is null then 0 else 1 end, fnv_hash(coalesce(cast("_file" as varchar(65535)), ''), fnv_hash(case when "_file" is null then 0 else 1 end, 0)))) as "__starlode_place" from "staging"."shop__products (new)") as n on o."product_id" = n."product_id"
 where o."__starlode_content" is null or n."__starlode_content" is null or o."__starlode_content" <> n."__starlode_content"
    or o."__starlode_place" <> n."__starlode_place";

insert into "staging"."shop__products (gone)" ("product_id", "name", "_file", "_row", "_load", "_gone")
select h."product_id", h."name", h."_file", h."_row", h."_load", 1
  from "staging"."shop__products" as h
 where (h."product_id") in (select "product_id" from "__starlode_difference" where "__starlode_change" in ('update', 'move', 'delete'));

delete from "staging"."shop__products"
 where ("shop__products"."product_id") in (select "product_id" from "__starlode_difference" where "__starlode_change" in ('update', 'move', 'delete'));

insert into "staging"."shop__products" ("product_id", "name", "_file", "_row", "_load")
select "product_id", "name", "_file", "_row", "_load"
  from "staging"."shop__products (new)" as h
 where (h."product_id") in (select "product_id" from "__starlode_difference" where "__starlode_change" in ('insert', 'update', 'move'));

drop table if exists "staging"."shop__products (new)";
