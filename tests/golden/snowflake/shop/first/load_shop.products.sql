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

drop table if exists "STAGING"."SHOP__PRODUCTS (NEW) (MET)";

create transient table "STAGING"."SHOP__PRODUCTS (NEW) (MET)" (
  "PRODUCT_ID" varchar,
  "NAME" varchar,
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

insert into "STAGING"."SHOP__PRODUCTS (NEW) (MET)" ("PRODUCT_ID", "NAME", "_FILE", "_ROW", "_LOAD")
select "PRODUCT_ID", "NAME", "_FILE", "_ROW", "_LOAD"
  from "STAGING"."SHOP__PRODUCTS (NEW)" as h
 where (h."PRODUCT_ID") in (select "PRODUCT_ID" from "STAGING"."SHOP__PRODUCTS (WORK)");

create or replace transient table "__STARLODE_MERGE" as
select w.*,
       case when h."_LOAD" is null then 'insert'
            when (((w."_FILE" < h."_FILE" or (w."_FILE" is null and h."_FILE" is not null))) or (w."_FILE" is not distinct from h."_FILE" and (w."_ROW" < h."_ROW" or (w."_ROW" is null and h."_ROW" is not null)))) then 'stale'
            when not (h."PRODUCT_ID" is not distinct from w."PRODUCT_ID" and h."NAME" is not distinct from w."NAME") then 'update'
            when h."_FILE" = w."_FILE" and h."_ROW" = w."_ROW" then 'same'
            else 'move' end as "__STARLODE_CHANGE"
  from (select *, row_number() over (partition by "PRODUCT_ID" order by "_FILE" desc nulls last, "_ROW" desc nulls last) as "__STARLODE_NEWEST"
          from "STAGING"."SHOP__PRODUCTS (WORK)") as w
  left join "STAGING"."SHOP__PRODUCTS (NEW) (MET)" as h on h."PRODUCT_ID" = w."PRODUCT_ID"
 where w."__STARLODE_NEWEST" = 1;

delete from "STAGING"."SHOP__PRODUCTS (NEW)" as h
 where (h."PRODUCT_ID") in (select "PRODUCT_ID" from "__STARLODE_MERGE" where "__STARLODE_CHANGE" in ('update', 'move'));

insert into "STAGING"."SHOP__PRODUCTS (NEW)" ("PRODUCT_ID", "NAME", "_FILE", "_ROW", "_LOAD")
select "PRODUCT_ID", "NAME", "_FILE", "_ROW", "_LOAD" from "__STARLODE_MERGE" where "__STARLODE_CHANGE" in ('insert', 'update', 'move');

drop table if exists "STAGING"."SHOP__PRODUCTS (NEW) (MET)";

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
