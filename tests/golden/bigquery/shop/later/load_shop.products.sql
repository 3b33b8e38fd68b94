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

create temp table `__starlode_difference` as
select coalesce(__starlode_n.`product_id`, __starlode_o.`product_id`) as `product_id`,
       case when __starlode_o.`__starlode_content` is null then 'insert'
            when __starlode_n.`__starlode_content` is null then 'delete'
            when __starlode_o.`__starlode_content` <> __starlode_n.`__starlode_content` then 'update' else 'move' end as `__starlode_change`
  from (select `product_id` as `product_id`, farm_fingerprint(to_json_string([to_json_string(`product_id`), to_json_string(`name`)])) as `__starlode_content`, farm_fingerprint(to_json_string([to_json_string(`_file`), to_json_string(`_row`)])) as `__starlode_place` from `staging`.`shop__products`) as __starlode_o
  full join (select `product_id` as `product_id`, farm_fingerprint(to_json_string([to_json_string(`product_id`), to_json_string(`name`)])) as `__starlode_content`, farm_fingerprint(to_json_string([to_json_string(`_file`), to_json_string(`_row`)])) as `__starlode_place` from `staging`.`shop__products new`) as __starlode_n on __starlode_o.`product_id` = __starlode_n.`product_id`
 where __starlode_o.`__starlode_content` is null or __starlode_n.`__starlode_content` is null or __starlode_o.`__starlode_content` <> __starlode_n.`__starlode_content`
    or __starlode_o.`__starlode_place` <> __starlode_n.`__starlode_place`;

insert into `staging`.`shop__products gone` (`product_id`, `name`, `_file`, `_row`, `_load`, `_gone`)
select __starlode_h.`product_id`, __starlode_h.`name`, __starlode_h.`_file`, __starlode_h.`_row`, __starlode_h.`_load`, 1
  from `staging`.`shop__products` as __starlode_h
 where (__starlode_h.`product_id`) in (select `product_id` from `__starlode_difference` where `__starlode_change` in ('update', 'move', 'delete'));

delete from `staging`.`shop__products` as __starlode_h
 where (__starlode_h.`product_id`) in (select `product_id` from `__starlode_difference` where `__starlode_change` in ('update', 'move', 'delete'));

insert into `staging`.`shop__products` (`product_id`, `name`, `_file`, `_row`, `_load`)
select `product_id`, `name`, `_file`, `_row`, `_load`
  from `staging`.`shop__products new` as __starlode_h
 where (__starlode_h.`product_id`) in (select `product_id` from `__starlode_difference` where `__starlode_change` in ('insert', 'update', 'move'));

drop table if exists `staging`.`shop__products new`;
