drop table if exists "staging"."shop__products (new)";

create table "staging"."shop__products (new)" (
  "product_id" VARCHAR,
  "name" VARCHAR,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT
);

create table "staging"."shop__products (work)" (
  "product_id" VARCHAR,
  "name" VARCHAR,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT
);

insert into "staging"."shop__products (work)" ("product_id", "name", "_file", "_row", "_load")
select cast("product_id" as VARCHAR), cast("name" as VARCHAR), cast("_file" as VARCHAR), cast("_row" as BIGINT), 1
  from the landed files landing/part-00001.parquet;

insert into "staging"."shop__products (new)" ("product_id", "name", "_file", "_row", "_load")
select "product_id", "name", "_file", "_row", "_load" from "staging"."shop__products (work)" where "_load" = 1;

alter table "staging"."shop__products (new)" rename to "shop__products";

drop table if exists "staging"."shop__products (gone)";

create table "staging"."shop__products (gone)" (
  "product_id" VARCHAR,
  "name" VARCHAR,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT,
  "_gone" BIGINT
);
