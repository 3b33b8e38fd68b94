drop table if exists "staging"."shop__products (new)";

create table "staging"."shop__products (new)" (
  "product_id" text collate "C",
  "name" text collate "C",
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint
);

create unlogged table "staging"."shop__products (work)" (
  "product_id" text collate "C",
  "name" text collate "C",
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint
);

insert into "staging"."shop__products (work)" ("product_id", "name", "_file", "_row", "_load")
select cast("product_id" as text), cast("name" as text), cast("_file" as text), cast("_row" as bigint), 1
  from the landed files landing/part-00001.parquet;

insert into "staging"."shop__products (new)" ("product_id", "name", "_file", "_row", "_load")
select "product_id", "name", "_file", "_row", "_load" from "staging"."shop__products (work)" where "_load" = 1;

create temp table "__starlode_difference" as
select coalesce(n."product_id", o."product_id") as "product_id",
       case when o."__starlode_content" is null then 'insert'
            when n."__starlode_content" is null then 'delete'
            when o."__starlode_content" <> n."__starlode_content" then 'update' else 'move' end as "__starlode_change"
  from (select "product_id" as "product_id", hashtextextended(row("product_id", "name")::text, 0) as "__starlode_content", hashtextextended(row("_file", "_row")::text, 0) as "__starlode_place" from "staging"."shop__products") as o
  full join (select "product_id" as "product_id", hashtextextended(row("product_id", "name")::text, 0) as "__starlode_content", hashtextextended(row("_file", "_row")::text, 0) as "__starlode_place" from "staging"."shop__products (new)") as n on o."product_id" = n."product_id"
 where o."__starlode_content" is null or n."__starlode_content" is null or o."__starlode_content" <> n."__starlode_content"
    or o."__starlode_place" <> n."__starlode_place";

insert into "staging"."shop__products (gone)" ("product_id", "name", "_file", "_row", "_load", "_gone")
select h."product_id", h."name", h."_file", h."_row", h."_load", 1
  from "staging"."shop__products" as h
 where (h."product_id") in (select "product_id" from "__starlode_difference" where "__starlode_change" in ('update', 'move', 'delete'));

delete from "staging"."shop__products" as h
 where (h."product_id") in (select "product_id" from "__starlode_difference" where "__starlode_change" in ('update', 'move', 'delete'));

insert into "staging"."shop__products" ("product_id", "name", "_file", "_row", "_load")
select "product_id", "name", "_file", "_row", "_load"
  from "staging"."shop__products (new)" as h
 where (h."product_id") in (select "product_id" from "__starlode_difference" where "__starlode_change" in ('insert', 'update', 'move'));

drop table if exists "staging"."shop__products (new)";
