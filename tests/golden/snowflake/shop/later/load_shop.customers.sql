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

drop table if exists "STAGING"."SHOP__CUSTOMERS (MET)";

create transient table "STAGING"."SHOP__CUSTOMERS (MET)" (
  "CUSTOMER_ID" varchar,
  "CITY" varchar,
  "CHANGED_AT" timestamp_ntz(6),
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

insert into "STAGING"."SHOP__CUSTOMERS (MET)" ("CUSTOMER_ID", "CITY", "CHANGED_AT", "_FILE", "_ROW", "_LOAD")
select "CUSTOMER_ID", "CITY", "CHANGED_AT", "_FILE", "_ROW", "_LOAD"
  from "STAGING"."SHOP__CUSTOMERS" as h
 where (h."CUSTOMER_ID") in (select "CUSTOMER_ID" from "STAGING"."SHOP__CUSTOMERS (WORK)");

create or replace transient table "__STARLODE_MERGE" as
select w.*,
       case when h."_LOAD" is null then 'insert'
            when (((w."CHANGED_AT" < h."CHANGED_AT" or (w."CHANGED_AT" is null and h."CHANGED_AT" is not null))) or (w."CHANGED_AT" is not distinct from h."CHANGED_AT" and (w."_FILE" < h."_FILE" or (w."_FILE" is null and h."_FILE" is not null))) or (w."CHANGED_AT" is not distinct from h."CHANGED_AT" and w."_FILE" is not distinct from h."_FILE" and (w."_ROW" < h."_ROW" or (w."_ROW" is null and h."_ROW" is not null)))) then 'stale'
            when not (h."CUSTOMER_ID" is not distinct from w."CUSTOMER_ID" and h."CITY" is not distinct from w."CITY" and h."CHANGED_AT" is not distinct from w."CHANGED_AT") then 'update'
            when h."_FILE" = w."_FILE" and h."_ROW" = w."_ROW" then 'same'
            else 'move' end as "__STARLODE_CHANGE"
  from (select *, row_number() over (partition by "CUSTOMER_ID" order by "CHANGED_AT" desc nulls last, "_FILE" desc nulls last, "_ROW" desc nulls last) as "__STARLODE_NEWEST"
          from "STAGING"."SHOP__CUSTOMERS (WORK)") as w
  left join "STAGING"."SHOP__CUSTOMERS (MET)" as h on h."CUSTOMER_ID" = w."CUSTOMER_ID"
 where w."__STARLODE_NEWEST" = 1;

insert into "STAGING"."SHOP__CUSTOMERS (GONE)" ("CUSTOMER_ID", "CITY", "CHANGED_AT", "_FILE", "_ROW", "_LOAD", "_GONE")
select h."CUSTOMER_ID", h."CITY", h."CHANGED_AT", h."_FILE", h."_ROW", h."_LOAD", 1
  from "STAGING"."SHOP__CUSTOMERS (MET)" as h
 where (h."CUSTOMER_ID") in (select "CUSTOMER_ID" from "__STARLODE_MERGE" where "__STARLODE_CHANGE" in ('update', 'move'));

delete from "STAGING"."SHOP__CUSTOMERS" as h
 where (h."CUSTOMER_ID") in (select "CUSTOMER_ID" from "__STARLODE_MERGE" where "__STARLODE_CHANGE" in ('update', 'move'));

insert into "STAGING"."SHOP__CUSTOMERS" ("CUSTOMER_ID", "CITY", "CHANGED_AT", "_FILE", "_ROW", "_LOAD")
select "CUSTOMER_ID", "CITY", "CHANGED_AT", "_FILE", "_ROW", "_LOAD" from "__STARLODE_MERGE" where "__STARLODE_CHANGE" in ('insert', 'update', 'move');

drop table if exists "STAGING"."SHOP__CUSTOMERS (MET)";

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
