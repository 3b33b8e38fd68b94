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

create temp table `__starlode_staging_shop__products new met` (
  `product_id` string,
  `name` string,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
);

insert into `__starlode_staging_shop__products new met` (`product_id`, `name`, `_file`, `_row`, `_load`)
select `product_id`, `name`, `_file`, `_row`, `_load`
  from `staging`.`shop__products new` as h
 where (h.`product_id`) in (select `product_id` from `__starlode_staging_shop__products work`);

create temp table `__starlode_merge` as
select w.*,
       case when h.`_load` is null then 'insert'
            when (((w.`_file` < h.`_file` or (w.`_file` is null and h.`_file` is not null))) or (w.`_file` is not distinct from h.`_file` and (w.`_row` < h.`_row` or (w.`_row` is null and h.`_row` is not null)))) then 'stale'
            when not (h.`product_id` is not distinct from w.`product_id` and h.`name` is not distinct from w.`name`) then 'update'
            when h.`_file` = w.`_file` and h.`_row` = w.`_row` then 'same'
            else 'move' end as `__starlode_change`
  from (select *, row_number() over (partition by `product_id` order by `_file` desc nulls last, `_row` desc nulls last) as `__starlode_newest`
          from `__starlode_staging_shop__products work`) as w
  left join `__starlode_staging_shop__products new met` as h on h.`product_id` = w.`product_id`
 where w.`__starlode_newest` = 1;

delete from `staging`.`shop__products new` as h
 where (h.`product_id`) in (select `product_id` from `__starlode_merge` where `__starlode_change` in ('update', 'move'));

insert into `staging`.`shop__products new` (`product_id`, `name`, `_file`, `_row`, `_load`)
select `product_id`, `name`, `_file`, `_row`, `_load` from `__starlode_merge` where `__starlode_change` in ('insert', 'update', 'move');

create temp table `__starlode_difference` as
select coalesce(n.`product_id`, o.`product_id`) as `product_id`,
       case when o.`__starlode_content` is null then 'insert'
            when n.`__starlode_content` is null then 'delete'
            when o.`__starlode_content` <> n.`__starlode_content` then 'update' else 'move' end as `__starlode_change`
  from (select `product_id` as `product_id`, farm_fingerprint(to_json_string([to_json_string(`product_id`), to_json_string(`name`)])) as `__starlode_content`, farm_fingerprint(to_json_string([to_json_string(`_file`), to_json_string(`_row`)])) as `__starlode_place` from `staging`.`shop__products`) as o
  full join (select `product_id` as `product_id`, farm_fingerprint(to_json_string([to_json_string(`product_id`), to_json_string(`name`)])) as `__starlode_content`, farm_fingerprint(to_json_string([to_json_string(`_file`), to_json_string(`_row`)])) as `__starlode_place` from `staging`.`shop__products new`) as n on o.`product_id` = n.`product_id`
 where o.`__starlode_content` is null or n.`__starlode_content` is null or o.`__starlode_content` <> n.`__starlode_content`
    or o.`__starlode_place` <> n.`__starlode_place`;

insert into `staging`.`shop__products gone` (`product_id`, `name`, `_file`, `_row`, `_load`, `_gone`)
select h.`product_id`, h.`name`, h.`_file`, h.`_row`, h.`_load`, 1
  from `staging`.`shop__products` as h
 where (h.`product_id`) in (select `product_id` from `__starlode_difference` where `__starlode_change` in ('update', 'move', 'delete'));

delete from `staging`.`shop__products` as h
 where (h.`product_id`) in (select `product_id` from `__starlode_difference` where `__starlode_change` in ('update', 'move', 'delete'));

insert into `staging`.`shop__products` (`product_id`, `name`, `_file`, `_row`, `_load`)
select `product_id`, `name`, `_file`, `_row`, `_load`
  from `staging`.`shop__products new` as h
 where (h.`product_id`) in (select `product_id` from `__starlode_difference` where `__starlode_change` in ('insert', 'update', 'move'));

drop table if exists `staging`.`shop__products new`;
