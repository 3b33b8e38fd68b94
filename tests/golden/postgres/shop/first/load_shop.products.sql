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

alter table "staging"."shop__products (new)" rename to "shop__products";

drop table if exists "staging"."shop__products (gone)";

create table "staging"."shop__products (gone)" (
  "product_id" text collate "C",
  "name" text collate "C",
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint
);
