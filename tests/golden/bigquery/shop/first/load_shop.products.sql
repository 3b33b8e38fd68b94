drop table if exists `staging`.`shop__products new`;

create table `staging`.`shop__products new` (
  `product_id` string,
  `name` string,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
);

create temp table `__starlode_staging_shop__products work` (
  `product_id` string,
  `name` string,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
);

insert into `__starlode_staging_shop__products work` (`product_id`, `name`, `_file`, `_row`, `_load`)
select `product_id`,
       `name`,
       `_file`,
       cast(`_row` as int64),
       1
  from `staging`.`(a load job of landing/part-00001.parquet)`;

insert into `staging`.`shop__products new` (`product_id`, `name`, `_file`, `_row`, `_load`)
select `product_id`, `name`, `_file`, `_row`, `_load` from `__starlode_staging_shop__products work` where `_load` = 1;

alter table `staging`.`shop__products new` rename to `shop__products`;

drop table if exists `staging`.`shop__products gone`;

create table `staging`.`shop__products gone` (
  `product_id` string,
  `name` string,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `_gone` int64,
  `__starlode_row` string default (generate_uuid())
);
