create table `staging`.`shop__customers` (
  `customer_id` string,
  `city` string,
  `changed_at` datetime,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
);

drop table if exists `staging`.`shop__customers gone`;

create table `staging`.`shop__customers gone` (
  `customer_id` string,
  `city` string,
  `changed_at` datetime,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `_gone` int64,
  `__starlode_row` string default (generate_uuid())
);

create temp table `__starlode_staging_shop__customers work` (
  `customer_id` string,
  `city` string,
  `changed_at` datetime,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
);

insert into `__starlode_staging_shop__customers work` (`customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load`)
select `customer_id`,
       `city`,
       cast(`changed_at` as datetime),
       `_file`,
       cast(`_row` as int64),
       1
  from `staging`.`(a load job of landing/part-00001.parquet)`;

insert into `staging`.`shop__customers` (`customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load`)
select `customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load` from `__starlode_staging_shop__customers work` where `_load` = 1;

create table `staging`.`shop__customers seen` (
  `customer_id` string,
  `city` string,
  `changed_at` datetime,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
);

drop table if exists `staging`.`shop__customers seen gone`;

create table `staging`.`shop__customers seen gone` (
  `customer_id` string,
  `city` string,
  `changed_at` datetime,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `_gone` int64,
  `__starlode_row` string default (generate_uuid())
);

insert into `staging`.`shop__customers seen` (`customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load`)
select `customer_id`,
       `city`,
       cast(`changed_at` as datetime),
       `_file`,
       cast(`_row` as int64),
       1
  from `staging`.`(a load job of landing/part-00001.parquet)`;
