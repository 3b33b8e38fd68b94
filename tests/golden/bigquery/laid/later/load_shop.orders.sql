insert into `staging`.`shop__orders` (`order_id`, `customer_id`, `product_id`, `ordered_at`, `amount`, `quantity`, `_file`, `_row`, `_load`)
select cast(`order_id` as int64),
       `customer_id`,
       `product_id`,
       cast(`ordered_at` as datetime),
       cast(`amount` as numeric(12,2)),
       cast(`quantity` as int64),
       `_file`,
       cast(`_row` as int64),
       1
  from `staging`.`(a load job of landing/part-00001.parquet)`;
