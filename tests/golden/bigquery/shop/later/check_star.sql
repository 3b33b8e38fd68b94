select count(*) from (select `date_key` from `star`.`dim_date` where (`date_key`) in (select `date_key` from `star`.`dim_date` where load_key > 11)
  group by `date_key` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`dim_date` where load_key > 11 and (`date_key` is null);

select count(*) from (select `customer_key` from `star`.`dim_customer` where (`customer_key`) in (select `customer_key` from `star`.`dim_customer` where load_key > 11)
  group by `customer_key` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`dim_customer` where load_key > 11 and (`customer_key` is null);

select count(*) from (
  select *, lead(valid_from) over (partition by `customer_id` order by valid_from) as next_from
    from `star`.`dim_customer` where `customer_key` >= 0 and not is_inferred and (`customer_id`) in (select `customer_id` from `star`.`dim_customer` where load_key > 11)) as __starlode_m
 where valid_from >= valid_to
    or (coalesce(next_from, datetime '9999-12-31 00:00:00') <> valid_to)
    or is_current <> (valid_to = datetime '9999-12-31 00:00:00');

select count(*) from (select `customer_id` from `star`.`dim_customer` where `customer_key` >= 0 and (`customer_id`) in (select `customer_id` from `star`.`dim_customer` where load_key > 11) and is_current
  group by `customer_id` having count(*) > 1) as __starlode_doubled;

select count(*) from (select `product_key` from `star`.`dim_product` where (`product_key`) in (select `product_key` from `star`.`dim_product` where load_key > 11)
  group by `product_key` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`dim_product` where load_key > 11 and (`product_key` is null);

select count(*) from (select `product_id` from `star`.`dim_product` where `product_key` >= 0 and (`product_id`) in (select `product_id` from `star`.`dim_product` where load_key > 11)
  group by `product_id` having count(*) > 1) as __starlode_doubled;

select count(*) from (select `order_id` from `star`.`fact_sales` where (`order_id`) in (select `order_id` from `star`.`fact_sales` where load_key > 11)
  group by `order_id` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`fact_sales` where load_key > 11 and (`order_id` is null);

select count(*) from `star`.`fact_sales` as __starlode_f
 where __starlode_f.load_key > 11 and not exists (select 1 from `star`.`dim_customer` as __starlode_d
                    where __starlode_d.`customer_key` = __starlode_f.`customer_key`);

select count(*) from `star`.`fact_sales` as __starlode_f
 where __starlode_f.load_key > 11 and not exists (select 1 from `star`.`dim_product` as __starlode_d
                    where __starlode_d.`product_key` = __starlode_f.`product_key`);

select count(*) from `star`.`fact_sales` as __starlode_f
 where __starlode_f.load_key > 11 and not exists (select 1 from `star`.`dim_date` as __starlode_d
                    where __starlode_d.`date_key` = __starlode_f.`date_key`);
