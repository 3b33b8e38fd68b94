create table "STAGING"."SHOP__CUSTOMERS" (
  "CUSTOMER_ID" varchar,
  "CITY" varchar,
  "CHANGED_AT" timestamp_ntz(6),
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

drop table if exists "STAGING"."SHOP__CUSTOMERS (GONE)";

create table "STAGING"."SHOP__CUSTOMERS (GONE)" (
  "CUSTOMER_ID" varchar,
  "CITY" varchar,
  "CHANGED_AT" timestamp_ntz(6),
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "_GONE" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

create transient table "STAGING"."SHOP__CUSTOMERS (WORK)" (
  "CUSTOMER_ID" varchar,
  "CITY" varchar,
  "CHANGED_AT" timestamp_ntz(6),
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

create or replace transient table __starlode_arrived (
  "CUSTOMER_ID" varchar,
  "CITY" varchar,
  "CHANGED_AT" timestamp_ntz(6),
  "_FILE" varchar,
  "_ROW" number(19,0)
);

copy into __starlode_arrived from @starlode_work.loads/load
files = ('part-00001.parquet')
file_format = (type = parquet use_logical_type = true)
match_by_column_name = case_insensitive on_error = abort_statement force = true;

insert into "STAGING"."SHOP__CUSTOMERS (WORK)" ("CUSTOMER_ID", "CITY", "CHANGED_AT", "_FILE", "_ROW", "_LOAD")
select cast("CUSTOMER_ID" as varchar),
       cast("CITY" as varchar),
       cast("CHANGED_AT" as timestamp_ntz(6)),
       cast("_FILE" as varchar),
       cast("_ROW" as number(19,0)),
       1
  from __starlode_arrived;

insert into "STAGING"."SHOP__CUSTOMERS" ("CUSTOMER_ID", "CITY", "CHANGED_AT", "_FILE", "_ROW", "_LOAD")
select "CUSTOMER_ID", "CITY", "CHANGED_AT", "_FILE", "_ROW", "_LOAD" from "STAGING"."SHOP__CUSTOMERS (WORK)" where "_LOAD" = 1;

create table "STAGING"."SHOP__CUSTOMERS (SEEN)" (
  "CUSTOMER_ID" varchar,
  "CITY" varchar,
  "CHANGED_AT" timestamp_ntz(6),
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

drop table if exists "STAGING"."SHOP__CUSTOMERS (SEEN) (GONE)";

create table "STAGING"."SHOP__CUSTOMERS (SEEN) (GONE)" (
  "CUSTOMER_ID" varchar,
  "CITY" varchar,
  "CHANGED_AT" timestamp_ntz(6),
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "_GONE" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

create or replace transient table __starlode_arrived (
  "CUSTOMER_ID" varchar,
  "CITY" varchar,
  "CHANGED_AT" timestamp_ntz(6),
  "_FILE" varchar,
  "_ROW" number(19,0)
);

copy into __starlode_arrived from @starlode_work.loads/load
files = ('part-00001.parquet')
file_format = (type = parquet use_logical_type = true)
match_by_column_name = case_insensitive on_error = abort_statement force = true;

insert into "STAGING"."SHOP__CUSTOMERS (SEEN)" ("CUSTOMER_ID", "CITY", "CHANGED_AT", "_FILE", "_ROW", "_LOAD")
select cast("CUSTOMER_ID" as varchar),
       cast("CITY" as varchar),
       cast("CHANGED_AT" as timestamp_ntz(6)),
       cast("_FILE" as varchar),
       cast("_ROW" as number(19,0)),
       1
  from __starlode_arrived;
