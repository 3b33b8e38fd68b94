select count(*) from (select `date_key` from `star`.`dim_date` where true
  group by `date_key` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`dim_date` where true and (`date_key` is null);

select count(*) from (select `customer_key` from `star`.`dim_customer` where true
  group by `customer_key` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`dim_customer` where true and (`customer_key` is null);

select count(*) from (
  select *, lead(valid_from) over (partition by `customer_id` order by valid_from) as next_from
    from `star`.`dim_customer` where `customer_key` >= 0 and not is_inferred and true) as __starlode_m
 where valid_from >= valid_to
    or (coalesce(next_from, datetime '9999-12-31 00:00:00') <> valid_to)
    or is_current <> (valid_to = datetime '9999-12-31 00:00:00');

select count(*) from (select `customer_id` from `star`.`dim_customer` where `customer_key` >= 0 and true and is_current
  group by `customer_id` having count(*) > 1) as __starlode_doubled;

select count(*) from (select `product_key` from `star`.`dim_product` where true
  group by `product_key` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`dim_product` where true and (`product_key` is null);

select count(*) from (select `product_id` from `star`.`dim_product` where `product_key` >= 0 and true
  group by `product_id` having count(*) > 1) as __starlode_doubled;

select count(*) from (select `order_id` from `star`.`fact_sales` where true
  group by `order_id` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`fact_sales` where true and (`order_id` is null);

select count(*) from `star`.`fact_sales` as __starlode_f
 where not exists (select 1 from `star`.`dim_customer` as __starlode_d
                    where __starlode_d.`customer_key` = __starlode_f.`customer_key`);

select count(*) from `star`.`fact_sales` as __starlode_f
 where not exists (select 1 from `star`.`dim_product` as __starlode_d
                    where __starlode_d.`product_key` = __starlode_f.`product_key`);

select count(*) from `star`.`fact_sales` as __starlode_f
 where not exists (select 1 from `star`.`dim_date` as __starlode_d
                    where __starlode_d.`date_key` = __starlode_f.`date_key`);
