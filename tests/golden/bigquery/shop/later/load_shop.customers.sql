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
  from `staging`.`shop__customers` as h
 where (h.`customer_id`) in (select `customer_id` from `__starlode_staging_shop__customers work`);

create temp table `__starlode_merge` as
select w.*,
       case when h.`_load` is null then 'insert'
            when (((w.`changed_at` < h.`changed_at` or (w.`changed_at` is null and h.`changed_at` is not null))) or (w.`changed_at` is not distinct from h.`changed_at` and (w.`_file` < h.`_file` or (w.`_file` is null and h.`_file` is not null))) or (w.`changed_at` is not distinct from h.`changed_at` and w.`_file` is not distinct from h.`_file` and (w.`_row` < h.`_row` or (w.`_row` is null and h.`_row` is not null)))) then 'stale'
            when not (h.`customer_id` is not distinct from w.`customer_id` and h.`city` is not distinct from w.`city` and h.`changed_at` is not distinct from w.`changed_at`) then 'update'
            when h.`_file` = w.`_file` and h.`_row` = w.`_row` then 'same'
            else 'move' end as `__starlode_change`
  from (select *, row_number() over (partition by `customer_id` order by `changed_at` desc nulls last, `_file` desc nulls last, `_row` desc nulls last) as `__starlode_newest`
          from `__starlode_staging_shop__customers work`) as w
  left join `__starlode_staging_shop__customers met` as h on h.`customer_id` = w.`customer_id`
 where w.`__starlode_newest` = 1;

insert into `staging`.`shop__customers gone` (`customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load`, `_gone`)
select h.`customer_id`, h.`city`, h.`changed_at`, h.`_file`, h.`_row`, h.`_load`, 1
  from `__starlode_staging_shop__customers met` as h
 where (h.`customer_id`) in (select `customer_id` from `__starlode_merge` where `__starlode_change` in ('update', 'move'));

delete from `staging`.`shop__customers` as h
 where (h.`customer_id`) in (select `customer_id` from `__starlode_merge` where `__starlode_change` in ('update', 'move'));

insert into `staging`.`shop__customers` (`customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load`)
select `customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load` from `__starlode_merge` where `__starlode_change` in ('insert', 'update', 'move');

insert into `staging`.`shop__customers seen` (`customer_id`, `city`, `changed_at`, `_file`, `_row`, `_load`)
select `customer_id`,
       `city`,
       cast(`changed_at` as datetime),
       `_file`,
       cast(`_row` as int64),
       1
  from `staging`.`(a load job of landing/part-00001.parquet)`;
