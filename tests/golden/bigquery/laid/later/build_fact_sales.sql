create temp table __starlode_ids as
select distinct `__starlode_number` from (
select `__starlode_row` as `__starlode_number` from `staging`.`shop__orders` where `_load` > 10
union all
select `__starlode_driving` as `__starlode_number` from (
SELECT
  `o`.`__starlode_driving` AS `__starlode_driving`
FROM (
  SELECT
    `order_id`,
    `customer_id`,
    `product_id`,
    `ordered_at`,
    `amount`,
    `quantity`,
    `__starlode_row` AS `__starlode_driving`
  FROM `staging`.`shop__orders`
) AS `o`
JOIN (
  SELECT
    `product_id`,
    `name`
  FROM `staging`.`shop__products`
  WHERE
    `_load` > 10
  UNION ALL
  SELECT
    `product_id`,
    `name`
  FROM `staging`.`shop__products gone`
  WHERE
    `_load` <= 10 AND `_gone` > 10
) AS `p`
  ON `o`.`product_id` = `p`.`product_id`
WHERE
  `o`.`quantity` > 0
  ) as cut
  ) as found;

create temp table __starlode_touched as
select distinct * from (
select cast(`order_id` as int64) as `order_id` from (
SELECT
  `o`.`order_id` AS `order_id`,
  `o`.`__starlode_driving` AS `__starlode_driving`
FROM (
  SELECT
    `order_id`,
    `customer_id`,
    `product_id`,
    `ordered_at`,
    `amount`,
    `quantity`,
    `__starlode_row` AS `__starlode_driving`
  FROM `staging`.`shop__orders`
  WHERE
    `__starlode_row` IN (
      SELECT
        `__starlode_number`
      FROM __starlode_ids
    )
) AS `o`
  ) as said
union all
select cast(`order_id` as int64) as `order_id` from (
SELECT
  `o`.`order_id` AS `order_id`,
  `o`.`__starlode_driving` AS `__starlode_driving`
FROM (
  SELECT
    *,
    NULL AS `__starlode_driving`
  FROM (
    SELECT
      `order_id`,
      `customer_id`,
      `product_id`,
      `ordered_at`,
      `amount`,
      `quantity`
    FROM `staging`.`shop__orders gone`
    WHERE
      `_load` <= 10 AND `_gone` > 10
  ) AS gone
) AS `o`
  ) as said
  ) as found;

insert into __starlode_ids (`__starlode_number`)
select distinct k.`__starlode_driving`
  from (
SELECT
  `o`.`order_id` AS `order_id`,
  `o`.`__starlode_driving` AS `__starlode_driving`
FROM (
  SELECT
    `order_id`,
    `customer_id`,
    `product_id`,
    `ordered_at`,
    `amount`,
    `quantity`,
    `__starlode_row` AS `__starlode_driving`
  FROM `staging`.`shop__orders`
) AS `o`
  ) as k
 where (cast(k.`order_id` as int64)) in (select `order_id` from __starlode_touched)
   and k.`__starlode_driving` not in (select `__starlode_number` from __starlode_ids);

create temp table __starlode_fact as
select cast(`order_id` as int64) as `order_id`,
       cast(`customer_id` as string) as `customer_id`,
       cast(`product_id` as string) as `product_id`,
       cast(`product_name` as string) as `product_name`,
       cast(`ordered_at` as datetime) as `ordered_at`,
       cast(`amount` as numeric(12,2)) as `amount`,
       cast(`quantity` as int64) as `quantity`,
       `__starlode_driving`
  from (
SELECT
  `o`.`order_id` AS `order_id`,
  `o`.`customer_id` AS `customer_id`,
  `o`.`product_id` AS `product_id`,
  `p`.`name` AS `product_name`,
  `o`.`ordered_at` AS `ordered_at`,
  `o`.`amount` AS `amount`,
  `o`.`quantity` AS `quantity`,
  `o`.`__starlode_driving` AS `__starlode_driving`
FROM (
  SELECT
    `order_id`,
    `customer_id`,
    `product_id`,
    `ordered_at`,
    `amount`,
    `quantity`,
    `__starlode_row` AS `__starlode_driving`
  FROM `staging`.`shop__orders`
  WHERE
    `__starlode_row` IN (
      SELECT
        `__starlode_number`
      FROM __starlode_ids
    )
) AS `o`
LEFT JOIN (
  SELECT
    `product_id`,
    `name`
  FROM `staging`.`shop__products`
) AS `p`
  ON `o`.`product_id` = `p`.`product_id`
WHERE
  `o`.`quantity` > 0
  ) as said;

create temp table __starlode_keyed as
select coalesce(d0.`customer_key`, -1) as `customer_key`,
       coalesce(d1.`product_key`, -1) as `product_key`,
       coalesce(cast(extract(year from cast(f.`ordered_at` as datetime)) * 10000 + extract(month from cast(f.`ordered_at` as datetime)) * 100 + extract(day from cast(f.`ordered_at` as datetime)) as int64), -1) as `date_key`,
       f.`order_id`, f.`customer_id`, f.`product_id`, f.`product_name`, f.`ordered_at`, f.`amount`, f.`quantity`
  from __starlode_fact as f
  left join (select `customer_key`, `customer_id`, valid_to,
          case when row_number() over (partition by `customer_id` order by valid_from) = 1
               then datetime '0001-01-01 00:00:00' else valid_from end as `__starlode_known_from`
     from `star`.`dim_customer` as v where v.`customer_key` > 0
      and (v.`customer_id`) in (select `customer_id` from __starlode_fact)) as d0
    on d0.`customer_id` = f.`customer_id` and least(coalesce(cast(f.`ordered_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') >= d0.`__starlode_known_from` and least(coalesce(cast(f.`ordered_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') < d0.valid_to
  left join `star`.`dim_product` as d1 on d1.`product_id` = f.`product_id` and d1.`product_key` > 0;

create temp table __starlode_held as
select f.* from `star`.`fact_sales` as f
 where (f.`order_id`) in (select `order_id` from __starlode_touched)
   and (f.`ordered_at` between cast('0001-01-01' as datetime) and cast('9999-12-31' as datetime) or f.`ordered_at` is null);

create temp table __starlode_changes as
select w.`order_id`,
       case when f.load_key is null then 'insert'
            when f.`customer_key` is not distinct from w.`customer_key` and f.`product_key` is not distinct from w.`product_key` and f.`date_key` is not distinct from w.`date_key` and f.`order_id` is not distinct from w.`order_id` and f.`customer_id` is not distinct from w.`customer_id` and f.`product_id` is not distinct from w.`product_id` and f.`product_name` is not distinct from w.`product_name` and f.`ordered_at` is not distinct from w.`ordered_at` and f.`amount` is not distinct from w.`amount` and f.`quantity` is not distinct from w.`quantity` then 'same' else 'update' end as `__starlode_change`
  from __starlode_keyed as w left join __starlode_held as f on f.`order_id` = w.`order_id`
union all
select f.`order_id`, 'delete'
  from __starlode_held as f
 where not exists (select 1 from __starlode_keyed as w where f.`order_id` = w.`order_id`);

create table `starlode`.`fact_sales before` (
  `customer_key` int64,
  `product_key` int64,
  `date_key` int64,
  `order_id` int64,
  `customer_id` string,
  `product_id` string,
  `product_name` string,
  `ordered_at` datetime,
  `amount` numeric(12,2),
  `quantity` int64,
  `load_key` int64,
  `_changed` int64
);

insert into `starlode`.`fact_sales before` (`customer_key`, `product_key`, `date_key`, `order_id`, `customer_id`, `product_id`, `product_name`, `ordered_at`, `amount`, `quantity`, `load_key`, `_changed`)
select f.`customer_key`, f.`product_key`, f.`date_key`, f.`order_id`, f.`customer_id`, f.`product_id`, f.`product_name`, f.`ordered_at`, f.`amount`, f.`quantity`, f.`load_key`, 1
  from __starlode_held as f
 where (f.`order_id`) in (select `order_id` from __starlode_changes where `__starlode_change` in ('update', 'delete'));

delete from `star`.`fact_sales` as f
 where (f.`order_id`) in (select `order_id` from __starlode_changes where `__starlode_change` in ('update', 'delete'))
   and (f.`ordered_at` between cast('0001-01-01' as datetime) and cast('9999-12-31' as datetime) or f.`ordered_at` is null);

insert into `star`.`fact_sales` (`customer_key`, `product_key`, `date_key`, `order_id`, `customer_id`, `product_id`, `product_name`, `ordered_at`, `amount`, `quantity`, load_key)
select w.`customer_key`, w.`product_key`, w.`date_key`, w.`order_id`, w.`customer_id`, w.`product_id`, w.`product_name`, w.`ordered_at`, w.`amount`, w.`quantity`, 1
  from __starlode_keyed as w join __starlode_changes as c on c.`order_id` = w.`order_id` and c.`__starlode_change` <> 'same';

create temp table __starlode_members as
select distinct `customer_id`
  from `star`.`dim_customer`
 where load_key > 10 and `customer_key` > 0;

create temp table __starlode_pointed as
select f.`order_id`, f.`customer_id`, f.`ordered_at`, f.`customer_key`
  from `star`.`fact_sales` as f
 where (f.`customer_id`) in (select `customer_id` from __starlode_members);

create temp table __starlode_points as
select `order_id`, `customer_key`
  from (select f.`order_id`, coalesce(d0.`customer_key`, -1) as `customer_key`,
               f.`customer_key` as `__starlode_before0`
          from __starlode_pointed as f
          left join (select `customer_key`, `customer_id`, valid_to,
          case when row_number() over (partition by `customer_id` order by valid_from) = 1
               then datetime '0001-01-01 00:00:00' else valid_from end as `__starlode_known_from`
     from `star`.`dim_customer` as v where v.`customer_key` > 0
      and (v.`customer_id`) in (select `customer_id` from __starlode_pointed)) as d0
    on d0.`customer_id` = f.`customer_id` and least(coalesce(cast(f.`ordered_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') >= d0.`__starlode_known_from` and least(coalesce(cast(f.`ordered_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') < d0.valid_to) as found
 where `customer_key` <> `__starlode_before0`;

create temp table __starlode_moved as
select f.* from `star`.`fact_sales` as f
 where (f.`order_id`) in (select `order_id` from __starlode_points);

insert into `starlode`.`fact_sales before` (`customer_key`, `product_key`, `date_key`, `order_id`, `customer_id`, `product_id`, `product_name`, `ordered_at`, `amount`, `quantity`, `load_key`, `_changed`)
select f.`customer_key`, f.`product_key`, f.`date_key`, f.`order_id`, f.`customer_id`, f.`product_id`, f.`product_name`, f.`ordered_at`, f.`amount`, f.`quantity`, f.`load_key`, 1
  from __starlode_moved as f
 where true;

delete from `star`.`fact_sales` as f
 where (f.`order_id`) in (select `order_id` from __starlode_points);

insert into `star`.`fact_sales` (`customer_key`, `product_key`, `date_key`, `order_id`, `customer_id`, `product_id`, `product_name`, `ordered_at`, `amount`, `quantity`, load_key)
select p.`customer_key`, f.`product_key`, f.`date_key`, f.`order_id`, f.`customer_id`, f.`product_id`, f.`product_name`, f.`ordered_at`, f.`amount`, f.`quantity`, 1
  from __starlode_moved as f join __starlode_points as p on p.`order_id` = f.`order_id`;
