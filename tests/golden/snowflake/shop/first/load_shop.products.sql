drop table if exists "STAGING"."SHOP__PRODUCTS (NEW)";

create table "STAGING"."SHOP__PRODUCTS (NEW)" (
  "PRODUCT_ID" varchar,
  "NAME" varchar,
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

create transient table "STAGING"."SHOP__PRODUCTS (WORK)" (
  "PRODUCT_ID" varchar,
  "NAME" varchar,
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

create or replace transient table __starlode_arrived (
  "PRODUCT_ID" varchar,
  "NAME" varchar,
  "_FILE" varchar,
  "_ROW" number(19,0)
);

copy into __starlode_arrived from @starlode_work.loads/load
files = ('part-00001.parquet')
file_format = (type = parquet use_logical_type = true)
match_by_column_name = case_insensitive on_error = abort_statement force = true;

insert into "STAGING"."SHOP__PRODUCTS (WORK)" ("PRODUCT_ID", "NAME", "_FILE", "_ROW", "_LOAD")
select cast("PRODUCT_ID" as varchar),
       cast("NAME" as varchar),
       cast("_FILE" as varchar),
       cast("_ROW" as number(19,0)),
       1
  from __starlode_arrived;

insert into "STAGING"."SHOP__PRODUCTS (NEW)" ("PRODUCT_ID", "NAME", "_FILE", "_ROW", "_LOAD")
select "PRODUCT_ID", "NAME", "_FILE", "_ROW", "_LOAD" from "STAGING"."SHOP__PRODUCTS (WORK)" where "_LOAD" = 1;

alter table "STAGING"."SHOP__PRODUCTS (NEW)" rename to "STAGING"."SHOP__PRODUCTS";

drop table if exists "STAGING"."SHOP__PRODUCTS (GONE)";

create table "STAGING"."SHOP__PRODUCTS (GONE)" (
  "PRODUCT_ID" varchar,
  "NAME" varchar,
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "_GONE" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);
