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

create temp table `__starlode_staging_shop__customers met` (
  `customer_id` string,
  `city` string,
  `changed_at` datetime,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
);

insert into `__starlode_staging_shop__customers met` (`customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load`)
select `customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load`
  from `staging`.`shop__customers` as __starlode_h
 where (__starlode_h.`customer_id`) in (select `customer_id` from `__starlode_staging_shop__customers work`);

create temp table `__starlode_merge` as
select __starlode_w.*,
       case when __starlode_h.`_load` is null then 'insert'
            when (((__starlode_w.`changed_at` < __starlode_h.`changed_at` or (__starlode_w.`changed_at` is null and __starlode_h.`changed_at` is not null))) or (__starlode_w.`changed_at` is not distinct from __starlode_h.`changed_at` and (__starlode_w.`_file` < __starlode_h.`_file` or (__starlode_w.`_file` is null and __starlode_h.`_file` is not null))) or (__starlode_w.`changed_at` is not distinct from __starlode_h.`changed_at` and __starlode_w.`_file` is not distinct from __starlode_h.`_file` and (__starlode_w.`_row` < __starlode_h.`_row` or (__starlode_w.`_row` is null and __starlode_h.`_row` is not null)))) then 'stale'
            when not (__starlode_h.`customer_id` is not distinct from __starlode_w.`customer_id` and __starlode_h.`city` is not distinct from __starlode_w.`city` and __starlode_h.`changed_at` is not distinct from __starlode_w.`changed_at`) then 'update'
            when __starlode_h.`_file` = __starlode_w.`_file` and __starlode_h.`_row` = __starlode_w.`_row` then 'same'
            else 'move' end as `__starlode_change`
  from (select *, row_number() over (partition by `customer_id` order by `changed_at` desc nulls last, `_file` desc nulls last, `_row` desc nulls last) as `__starlode_newest`
          from `__starlode_staging_shop__customers work`) as __starlode_w
  left join `__starlode_staging_shop__customers met` as __starlode_h on __starlode_h.`customer_id` = __starlode_w.`customer_id`
 where __starlode_w.`__starlode_newest` = 1;

delete from `staging`.`shop__customers` as __starlode_h
 where (__starlode_h.`customer_id`) in (select `customer_id` from `__starlode_merge` where `__starlode_change` in ('update', 'move'));

insert into `staging`.`shop__customers` (`customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load`)
select `customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load` from `__starlode_merge` where `__starlode_change` in ('insert', 'update', 'move');

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
