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

create table `star`.`fact_sales` (
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
  `load_key` int64
);

insert into `star`.`fact_sales` (`customer_key`, `product_key`, `date_key`, `order_id`, `customer_id`, `product_id`, `product_name`, `ordered_at`, `amount`, `quantity`, load_key)
select `customer_key`, `product_key`, `date_key`, `order_id`, `customer_id`, `product_id`, `product_name`, `ordered_at`, `amount`, `quantity`, 1 from (
select coalesce(__starlode_d0.`customer_key`, -1) as `customer_key`,
       coalesce(__starlode_d1.`product_key`, -1) as `product_key`,
       coalesce(cast(extract(year from cast(__starlode_f.`ordered_at` as datetime)) * 10000 + extract(month from cast(__starlode_f.`ordered_at` as datetime)) * 100 + extract(day from cast(__starlode_f.`ordered_at` as datetime)) as int64), -1) as `date_key`,
       __starlode_f.`order_id`, __starlode_f.`customer_id`, __starlode_f.`product_id`, __starlode_f.`product_name`, __starlode_f.`ordered_at`, __starlode_f.`amount`, __starlode_f.`quantity`
  from __starlode_fact as __starlode_f
  left join (select `customer_key`, `customer_id`, valid_to,
          case when row_number() over (partition by `customer_id` order by valid_from) = 1
               then datetime '0001-01-01 00:00:00' else valid_from end as `__starlode_known_from`
     from `star`.`dim_customer` as __starlode_v where __starlode_v.`customer_key` > 0) as __starlode_d0
    on __starlode_d0.`customer_id` = __starlode_f.`customer_id` and least(coalesce(cast(__starlode_f.`ordered_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') >= __starlode_d0.`__starlode_known_from` and least(coalesce(cast(__starlode_f.`ordered_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') < __starlode_d0.valid_to
  left join `star`.`dim_product` as __starlode_d1 on __starlode_d1.`product_id` = __starlode_f.`product_id` and __starlode_d1.`product_key` > 0
  ) as __starlode_keyed;
