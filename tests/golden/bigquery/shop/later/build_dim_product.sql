create temp table __starlode_touched as
select distinct * from (
select cast(`product_id` as string) as `product_id` from (
SELECT
  `products`.`product_id` AS `product_id`,
  `products`.`__starlode_driving` AS `__starlode_driving`
FROM (
  SELECT
    `product_id`,
    `name`,
    `__starlode_row` AS `__starlode_driving`
  FROM `staging`.`shop__products`
  WHERE
    `_load` > 9
) AS `products`
  ) as said
union all
select cast(`product_id` as string) as `product_id` from (
SELECT
  `products`.`product_id` AS `product_id`,
  `products`.`__starlode_driving` AS `__starlode_driving`
FROM (
  SELECT
    *,
    NULL AS `__starlode_driving`
  FROM (
    SELECT
      `product_id`,
      `name`
    FROM `staging`.`shop__products gone`
    WHERE
      `_load` <= 9 AND `_gone` > 9
  ) AS gone
) AS `products`
  ) as said
  ) as found;

create temp table __starlode_in as
select `product_id`, `name`
  from (
select cast(`product_id` as string) as `product_id`,
       cast(`name` as string) as `name`
  from (
SELECT
  `products`.`product_id` AS `product_id`,
  `products`.`name` AS `name`
FROM (
  SELECT
    `product_id`,
    `name`
  FROM `staging`.`shop__products`
  WHERE
    `_load` > 9
) AS `products`
  ) as said
  ) as chosen;

create temp table __starlode_chain as
select `product_id`, `name`, `__starlode_variants`
  from (select *, count(*) over (partition by `product_id`) as `__starlode_variants`,
               row_number() over (partition by `product_id`
                                  order by `__starlode_votes` desc, `name` nulls last) as `__starlode_choice`
          from (select `product_id`, `name`, count(*) as `__starlode_votes`
                  from __starlode_in where `product_id` is not null
                 group by `product_id`, `name`) as counted) as numbered
 where `__starlode_choice` = 1;

create temp table __starlode_held as
select * from `star`.`dim_product` as d
 where d.`product_key` > 0 and (d.`product_id`) in (select `product_id` from __starlode_chain);

create temp table __starlode_known as
select * from `starlode`.`dim_product keys` as m
 where (m.`product_id`) in (select `product_id` from (select c.`product_id` from __starlode_chain as c
          left join __starlode_held as d on d.`product_id` = c.`product_id` and not d.is_inferred
         where d.`product_key` is null) as asked);

create temp table __starlode_rows as
with waiting as (
        select i.`product_id`, i.`product_key`, m.`product_key` is null as `__starlode_is_free`
          from __starlode_held as i
          left join __starlode_known as m on m.`product_id` = i.`product_id` and m.`product_key` = i.`product_key`
                and m.valid_from > datetime '0001-01-01 00:00:00'
         where i.is_inferred),
matched as (
        select d.`product_key` as `__starlode_held_key`, k.`product_key` as `__starlode_known_key`, i.`product_key` as `__starlode_waiting_key`,
               case when i.`__starlode_is_free` and true then i.`product_key` end as `__starlode_taken_key`,
               d.`name` is not distinct from c.`name` as `__starlode_is_same`,
               c.`product_id`, c.`name` as `name`
          from __starlode_chain as c
          left join __starlode_held as d on d.`product_id` = c.`product_id` and not d.is_inferred
          left join __starlode_known as k
            on k.`product_id` = c.`product_id` and k.valid_from = case when d.`product_key` is null then datetime '0001-01-01 00:00:00' end
          left join waiting as i on i.`product_id` = c.`product_id`),
kept as (
        select *, coalesce(`__starlode_held_key`, `__starlode_known_key`, `__starlode_taken_key`) as `__starlode_kept_key` from matched),
keyed as (
        select *, coalesce(`__starlode_kept_key`, coalesce((select max(`product_key`) from `starlode`.`dim_product keys`), 0)
                    + row_number() over (partition by `__starlode_kept_key` is null
                                         order by `product_id`)) as `product_key`
          from kept)
select `product_key`,
       case when `__starlode_held_key` is not null and `__starlode_is_same` then 'same'
            when `__starlode_held_key` is not null or `__starlode_kept_key` = `__starlode_waiting_key` then 'update'
            else 'insert' end as `__starlode_change`,
       `__starlode_held_key` is null and `__starlode_known_key` is null as `__starlode_is_new_pair`,
       `product_id`, `name`
  from keyed;

insert into `starlode`.`dim_product keys` (`product_id`, `valid_from`, `product_key`)
select `product_id`, datetime '0001-01-01 00:00:00', `product_key`
  from __starlode_rows where `__starlode_is_new_pair`;

create table `starlode`.`dim_product before` (
  `product_key` int64,
  `product_id` string,
  `name` string,
  `is_inferred` bool,
  `load_key` int64,
  `_changed` int64
);

insert into `starlode`.`dim_product before` (`product_key`, `product_id`, `name`, `is_inferred`, `load_key`, `_changed`)
select d.`product_key`, d.`product_id`, d.`name`, d.`is_inferred`, d.`load_key`, 1
  from __starlode_held as d
 where (d.`product_id`) in (select `product_id` from __starlode_held)
   and d.`product_key` in (select h.`product_key` from __starlode_held as h
                   where not exists (select 1 from __starlode_rows as w where w.`product_key` = h.`product_key` and w.`__starlode_change` = 'same'));

delete from `star`.`dim_product` as d
 where (d.`product_id`) in (select `product_id` from __starlode_held)
   and d.`product_key` in (select h.`product_key` from __starlode_held as h
                   where not exists (select 1 from __starlode_rows as w where w.`product_key` = h.`product_key` and w.`__starlode_change` = 'same'));

insert into `star`.`dim_product` (`product_key`, `product_id`, `name`, is_inferred, load_key)
select `product_key`, `product_id`, `name`, false, 1 from __starlode_rows as w where `__starlode_change` <> 'same';
