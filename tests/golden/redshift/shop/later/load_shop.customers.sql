create table "staging"."shop__customers (work)" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

create temp table "__starlode_arrived" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint
);

copy "__starlode_arrived" from 's3://(a manifest of landing/part-00001.parquet)'
iam_role default format as parquet manifest;

insert into "staging"."shop__customers (work)" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select cast("customer_id" as varchar(65535)),
       cast("city" as varchar(65535)),
       cast("changed_at" as timestamp),
       cast("_file" as varchar(65535)),
       cast("_row" as bigint),
       1
  from "__starlode_arrived";

drop table "__starlode_arrived";

drop table if exists "staging"."shop__customers (met)";

create table "staging"."shop__customers (met)" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

insert into "staging"."shop__customers (met)" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select "customer_id", "city", "changed_at", "_file", "_row", "_load"
  from "staging"."shop__customers" as h
 where (h."customer_id") in (select "customer_id" from "staging"."shop__customers (work)");

create temp table "__starlode_merge" as
select w.*,
       case when h."_load" is null then 'insert'
            when (((w."changed_at" < h."changed_at" or (w."changed_at" is null and h."changed_at" is not null))) or (coalesce(w."changed_at" = h."changed_at", w."changed_at" is null and h."changed_at" is null) and (w."_file" < h."_file" or (w."_file" is null and h."_file" is not null))) or (coalesce(w."changed_at" = h."changed_at", w."changed_at" is null and h."changed_at" is null) and coalesce(w."_file" = h."_file", w."_file" is null and h."_file" is null) and (w."_row" < h."_row" or (w."_row" is null and h."_row" is not null)))) then 'stale'
            when not (coalesce(h."customer_id" = w."customer_id", h."customer_id" is null and w."customer_id" is null) and coalesce(h."city" = w."city", h."city" is null and w."city" is null) and coalesce(h."changed_at" = w."changed_at", h."changed_at" is null and w."changed_at" is null)) then 'update'
            when h."_file" = w."_file" and h."_row" = w."_row" then 'same'
            else 'move' end as "__starlode_change"
  from (select *, row_number() over (partition by "customer_id" order by "changed_at" desc nulls last, "_file" desc nulls last, "_row" desc nulls last) as "__starlode_newest"
          from "staging"."shop__customers (work)") as w
  left join "staging"."shop__customers (met)" as h on h."customer_id" = w."customer_id"
 where w."__starlode_newest" = 1;

insert into "staging"."shop__customers (gone)" ("customer_id", "city", "changed_at", "_file", "_row", "_load", "_gone")
select h."customer_id", h."city", h."changed_at", h."_file", h."_row", h."_load", 1
  from "staging"."shop__customers (met)" as h
 where (h."customer_id") in (select "customer_id" from "__starlode_merge" where "__starlode_change" in ('update', 'move'));

delete from "staging"."shop__customers"
 where ("shop__customers"."customer_id") in (select "customer_id" from "__starlode_merge" where "__starlode_change" in ('update', 'move'));

insert into "staging"."shop__customers" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select "customer_id", "city", "changed_at", "_file", "_row", "_load" from "__starlode_merge" where "__starlode_change" in ('insert', 'update', 'move');

drop table if exists "staging"."shop__customers (met)";

create temp table "__starlode_arrived" (
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "changed_at" timestamp,
  "_file" varchar(65535),
  "_row" bigint
);

copy "__starlode_arrived" from 's3://(a manifest of landing/part-00001.parquet)'
iam_role default format as parquet manifest;

insert into "staging"."shop__customers (seen)" ("customer_id", "city", "changed_at", "_file", "_row", "_load")
select cast("customer_id" as varchar(65535)),
       cast("city" as varchar(65535)),
       cast("changed_at" as timestamp),
       cast("_file" as varchar(65535)),
       cast("_row" as bigint),
       1
  from "__starlode_arrived";

drop table "__starlode_arrived";
