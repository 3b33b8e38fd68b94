create table `staging`.`shop__orders` (
  `order_id` int64,
  `customer_id` string,
  `product_id` string,
  `ordered_at` datetime,
  `amount` numeric(12,2),
  `quantity` int64,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
)
cluster by `order_id`;

drop table if exists `staging`.`shop__orders gone`;

create table `staging`.`shop__orders gone` (
  `order_id` int64,
  `customer_id` string,
  `product_id` string,
  `ordered_at` datetime,
  `amount` numeric(12,2),
  `quantity` int64,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `_gone` int64,
  `__starlode_row` string default (generate_uuid())
);

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
