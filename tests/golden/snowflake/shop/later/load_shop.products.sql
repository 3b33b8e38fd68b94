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

create or replace transient table "__STARLODE_DIFFERENCE" as
select coalesce(n."PRODUCT_ID", o."PRODUCT_ID") as "PRODUCT_ID",
       case when o."__STARLODE_CONTENT" is null then 'insert'
            when n."__STARLODE_CONTENT" is null then 'delete'
            when o."__STARLODE_CONTENT" <> n."__STARLODE_CONTENT" then 'update' else 'move' end as "__STARLODE_CHANGE"
  from (select "PRODUCT_ID" as "PRODUCT_ID", hash("PRODUCT_ID", "NAME") as "__STARLODE_CONTENT", hash("_FILE", "_ROW") as "__STARLODE_PLACE" from "STAGING"."SHOP__PRODUCTS") as o
  full join (select "PRODUCT_ID" as "PRODUCT_ID", hash("PRODUCT_ID", "NAME") as "__STARLODE_CONTENT", hash("_FILE", "_ROW") as "__STARLODE_PLACE" from "STAGING"."SHOP__PRODUCTS (NEW)") as n on o."PRODUCT_ID" = n."PRODUCT_ID"
 where o."__STARLODE_CONTENT" is null or n."__STARLODE_CONTENT" is null or o."__STARLODE_CONTENT" <> n."__STARLODE_CONTENT"
    or o."__STARLODE_PLACE" <> n."__STARLODE_PLACE";

insert into "STAGING"."SHOP__PRODUCTS (GONE)" ("PRODUCT_ID", "NAME", "_FILE", "_ROW", "_LOAD", "_GONE")
select h."PRODUCT_ID", h."NAME", h."_FILE", h."_ROW", h."_LOAD", 1
  from "STAGING"."SHOP__PRODUCTS" as h
 where (h."PRODUCT_ID") in (select "PRODUCT_ID" from "__STARLODE_DIFFERENCE" where "__STARLODE_CHANGE" in ('update', 'move', 'delete'));

delete from "STAGING"."SHOP__PRODUCTS" as h
 where (h."PRODUCT_ID") in (select "PRODUCT_ID" from "__STARLODE_DIFFERENCE" where "__STARLODE_CHANGE" in ('update', 'move', 'delete'));

insert into "STAGING"."SHOP__PRODUCTS" ("PRODUCT_ID", "NAME", "_FILE", "_ROW", "_LOAD")
select "PRODUCT_ID", "NAME", "_FILE", "_ROW", "_LOAD"
  from "STAGING"."SHOP__PRODUCTS (NEW)" as h
 where (h."PRODUCT_ID") in (select "PRODUCT_ID" from "__STARLODE_DIFFERENCE" where "__STARLODE_CHANGE" in ('insert', 'update', 'move'));

drop table if exists "STAGING"."SHOP__PRODUCTS (NEW)";
