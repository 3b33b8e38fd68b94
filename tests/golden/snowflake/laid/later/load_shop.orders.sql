create or replace transient table __starlode_arrived (
  "ORDER_ID" number(19,0),
  "CUSTOMER_ID" varchar,
  "PRODUCT_ID" varchar,
  "ORDERED_AT" timestamp_ntz(6),
  "AMOUNT" number(12,2),
  "QUANTITY" number(19,0),
  "_FILE" varchar,
  "_ROW" number(19,0)
);

copy into __starlode_arrived from @starlode_work.loads/load
files = ('part-00001.parquet')
file_format = (type = parquet use_logical_type = true)
match_by_column_name = case_insensitive on_error = abort_statement force = true;

insert into "STAGING"."SHOP__ORDERS" ("ORDER_ID", "CUSTOMER_ID", "PRODUCT_ID", "ORDERED_AT", "AMOUNT", "QUANTITY", "_FILE", "_ROW", "_LOAD")
select cast("ORDER_ID" as number(19,0)),
       cast("CUSTOMER_ID" as varchar),
       cast("PRODUCT_ID" as varchar),
       cast("ORDERED_AT" as timestamp_ntz(6)),
       cast("AMOUNT" as number(12,2)),
       cast("QUANTITY" as number(19,0)),
       cast("_FILE" as varchar),
       cast("_ROW" as number(19,0)),
       1
  from __starlode_arrived;
