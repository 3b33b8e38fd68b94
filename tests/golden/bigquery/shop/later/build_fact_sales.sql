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
  ) as __starlode_cut
  ) as __starlode_found;

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
  ) as __starlode_said
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
  ) AS __starlode_gone
) AS `o`
  ) as __starlode_said
  ) as __starlode_found;

insert into __starlode_ids (`__starlode_number`)
select distinct __starlode_k.`__starlode_driving`
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
  ) as __starlode_k
 where (cast(__starlode_k.`order_id` as int64)) in (select `order_id` from __starlode_touched)
   and __starlode_k.`__starlode_driving` not in (select `__starlode_number` from __starlode_ids);

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
  ) as __starlode_said;

create temp table __starlode_keyed as
select coalesce(__starlode_d0.`customer_key`, -1) as `customer_key`,
       coalesce(__starlode_d1.`product_key`, -1) as `product_key`,
       coalesce(cast(extract(year from cast(__starlode_f.`ordered_at` as datetime)) * 10000 + extract(month from cast(__starlode_f.`ordered_at` as datetime)) * 100 + extract(day from cast(__starlode_f.`ordered_at` as datetime)) as int64), -1) as `date_key`,
       __starlode_f.`order_id`, __starlode_f.`customer_id`, __starlode_f.`product_id`, __starlode_f.`product_name`, __starlode_f.`ordered_at`, __starlode_f.`amount`, __starlode_f.`quantity`
  from __starlode_fact as __starlode_f
  left join (select `customer_key`, `customer_id`, valid_to,
          case when row_number() over (partition by `customer_id` order by valid_from) = 1
               then datetime '0001-01-01 00:00:00' else valid_from end as `__starlode_known_from`
     from `star`.`dim_customer` as __starlode_v where __starlode_v.`customer_key` > 0
      and (__starlode_v.`customer_id`) in (select `customer_id` from __starlode_fact)) as __starlode_d0
    on __starlode_d0.`customer_id` = __starlode_f.`customer_id` and least(coalesce(cast(__starlode_f.`ordered_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') >= __starlode_d0.`__starlode_known_from` and least(coalesce(cast(__starlode_f.`ordered_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') < __starlode_d0.valid_to
  left join `star`.`dim_product` as __starlode_d1 on __starlode_d1.`product_id` = __starlode_f.`product_id` and __starlode_d1.`product_key` > 0;

create temp table __starlode_held as
select __starlode_f.* from `star`.`fact_sales` as __starlode_f
 where (__starlode_f.`order_id`) in (select `order_id` from __starlode_touched);

create temp table __starlode_changes as
select __starlode_w.`order_id`,
       case when __starlode_f.load_key is null then 'insert'
            when __starlode_f.`customer_key` is not distinct from __starlode_w.`customer_key` and __starlode_f.`product_key` is not distinct from __starlode_w.`product_key` and __starlode_f.`date_key` is not distinct from __starlode_w.`date_key` and __starlode_f.`order_id` is not distinct from __starlode_w.`order_id` and __starlode_f.`customer_id` is not distinct from __starlode_w.`customer_id` and __starlode_f.`product_id` is not distinct from __starlode_w.`product_id` and __starlode_f.`product_name` is not distinct from __starlode_w.`product_name` and __starlode_f.`ordered_at` is not distinct from __starlode_w.`ordered_at` and __starlode_f.`amount` is not distinct from __starlode_w.`amount` and __starlode_f.`quantity` is not distinct from __starlode_w.`quantity` then 'same' else 'update' end as `__starlode_change`
  from __starlode_keyed as __starlode_w left join __starlode_held as __starlode_f on __starlode_f.`order_id` = __starlode_w.`order_id`
union all
select __starlode_f.`order_id`, 'delete'
  from __starlode_held as __starlode_f
 where not exists (select 1 from __starlode_keyed as __starlode_w where __starlode_f.`order_id` = __starlode_w.`order_id`);

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
select __starlode_f.`customer_key`, __starlode_f.`product_key`, __starlode_f.`date_key`, __starlode_f.`order_id`, __starlode_f.`customer_id`, __starlode_f.`product_id`, __starlode_f.`product_name`, __starlode_f.`ordered_at`, __starlode_f.`amount`, __starlode_f.`quantity`, __starlode_f.`load_key`, 1
  from __starlode_held as __starlode_f
 where (__starlode_f.`order_id`) in (select `order_id` from __starlode_changes where `__starlode_change` in ('update', 'delete'));

delete from `star`.`fact_sales` as __starlode_f
 where (__starlode_f.`order_id`) in (select `order_id` from __starlode_changes where `__starlode_change` in ('update', 'delete'));

insert into `star`.`fact_sales` (`customer_key`, `product_key`, `date_key`, `order_id`, `customer_id`, `product_id`, `product_name`, `ordered_at`, `amount`, `quantity`, load_key)
select __starlode_w.`customer_key`, __starlode_w.`product_key`, __starlode_w.`date_key`, __starlode_w.`order_id`, __starlode_w.`customer_id`, __starlode_w.`product_id`, __starlode_w.`product_name`, __starlode_w.`ordered_at`, __starlode_w.`amount`, __starlode_w.`quantity`, 1
  from __starlode_keyed as __starlode_w join __starlode_changes as __starlode_c on __starlode_c.`order_id` = __starlode_w.`order_id` and __starlode_c.`__starlode_change` <> 'same';

create temp table __starlode_members as
select distinct `customer_id`
  from `star`.`dim_customer`
 where load_key > 10 and `customer_key` > 0;

create temp table __starlode_pointed as
select __starlode_f.`order_id`, __starlode_f.`customer_id`, __starlode_f.`ordered_at`, __starlode_f.`customer_key`
  from `star`.`fact_sales` as __starlode_f
 where (__starlode_f.`customer_id`) in (select `customer_id` from __starlode_members);

create temp table __starlode_points as
select `order_id`, `customer_key`
  from (select __starlode_f.`order_id`, coalesce(__starlode_d0.`customer_key`, -1) as `customer_key`,
               __starlode_f.`customer_key` as `__starlode_before0`
          from __starlode_pointed as __starlode_f
          left join (select `customer_key`, `customer_id`, valid_to,
          case when row_number() over (partition by `customer_id` order by valid_from) = 1
               then datetime '0001-01-01 00:00:00' else valid_from end as `__starlode_known_from`
     from `star`.`dim_customer` as __starlode_v where __starlode_v.`customer_key` > 0
      and (__starlode_v.`customer_id`) in (select `customer_id` from __starlode_pointed)) as __starlode_d0
    on __starlode_d0.`customer_id` = __starlode_f.`customer_id` and least(coalesce(cast(__starlode_f.`ordered_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') >= __starlode_d0.`__starlode_known_from` and least(coalesce(cast(__starlode_f.`ordered_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') < __starlode_d0.valid_to) as __starlode_found
 where `customer_key` <> `__starlode_before0`;

create temp table __starlode_moved as
select __starlode_f.* from `star`.`fact_sales` as __starlode_f
 where (__starlode_f.`order_id`) in (select `order_id` from __starlode_points);

insert into `starlode`.`fact_sales before` (`customer_key`, `product_key`, `date_key`, `order_id`, `customer_id`, `product_id`, `product_name`, `ordered_at`, `amount`, `quantity`, `load_key`, `_changed`)
select __starlode_f.`customer_key`, __starlode_f.`product_key`, __starlode_f.`date_key`, __starlode_f.`order_id`, __starlode_f.`customer_id`, __starlode_f.`product_id`, __starlode_f.`product_name`, __starlode_f.`ordered_at`, __starlode_f.`amount`, __starlode_f.`quantity`, __starlode_f.`load_key`, 1
  from __starlode_moved as __starlode_f
 where true;

delete from `star`.`fact_sales` as __starlode_f
 where (__starlode_f.`order_id`) in (select `order_id` from __starlode_points);

insert into `star`.`fact_sales` (`customer_key`, `product_key`, `date_key`, `order_id`, `customer_id`, `product_id`, `product_name`, `ordered_at`, `amount`, `quantity`, load_key)
select __starlode_p.`customer_key`, __starlode_f.`product_key`, __starlode_f.`date_key`, __starlode_f.`order_id`, __starlode_f.`customer_id`, __starlode_f.`product_id`, __starlode_f.`product_name`, __starlode_f.`ordered_at`, __starlode_f.`amount`, __starlode_f.`quantity`, 1
  from __starlode_moved as __starlode_f join __starlode_points as __starlode_p on __starlode_p.`order_id` = __starlode_f.`order_id`;
