create table "staging"."shop__customers" (
  "customer_id" text collate "C",
  "city" text collate "C",
  "changed_at" timestamp,
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint
);

drop table if exists "staging"."shop__customers (gone)";

create table "staging"."shop__customers (gone)" (
  "customer_id" text collate "C",
  "city" text collate "C",
  "changed_at" timestamp,
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint
);

create unlogged table "staging"."shop__customers (work)" (
  "customer_id" text collate "C",
  "city" text collate "C",
  "changed_at" timestamp,
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint
);

insert into "staging"."shop__customers (work)" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select cast("customer_id" as text), cast("city" as text), cast("changed_at" as timestamp), cast("_file" as text), cast("_row" as bigint), 1
  from the landed files landing/part-00001.parquet;

insert into "staging"."shop__customers" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select "customer_id", "city", "changed_at", "_file", "_row", "_load" from "staging"."shop__customers (work)" where "_load" = 1;

create table "staging"."shop__customers (seen)" (
  "customer_id" text collate "C",
  "city" text collate "C",
  "changed_at" timestamp,
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint
);

drop table if exists "staging"."shop__customers (seen) (gone)";

create table "staging"."shop__customers (seen) (gone)" (
  "customer_id" text collate "C",
  "city" text collate "C",
  "changed_at" timestamp,
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint
);

insert into "staging"."shop__customers (seen)" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select cast("customer_id" as text), cast("city" as text), cast("changed_at" as timestamp), cast("_file" as text), cast("_row" as bigint), 1
  from the landed files landing/part-00001.parquet;
