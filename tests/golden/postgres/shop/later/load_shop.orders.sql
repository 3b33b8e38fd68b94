insert into "staging"."shop__orders" ("order_id", "customer_id", "product_id", "ordered_at", "amount", "quantity", "_file", "_row", "_load")
select cast("order_id" as bigint), cast("customer_id" as text), cast("product_id" as text), cast("ordered_at" as timestamp), cast("amount" as numeric(12,2)), cast("quantity" as bigint), cast("_file" as text), cast("_row" as bigint), 1
  from the landed files landing/part-00001.parquet;
