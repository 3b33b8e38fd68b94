insert into "staging"."shop__orders" ("order_id", "customer_id", "product_id", "ordered_at", "amount", "quantity", "_file", "_row", "_load")
select cast("order_id" as BIGINT), cast("customer_id" as VARCHAR), cast("product_id" as VARCHAR), cast("ordered_at" as TIMESTAMP), cast("amount" as DECIMAL(12,2)), cast("quantity" as BIGINT), cast("_file" as VARCHAR), cast("_row" as BIGINT), 1
  from the landed files landing/part-00001.parquet;
