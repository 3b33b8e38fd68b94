-- What the generator counted, asked of the star.
select
    count(distinct f.order_id) as orders,
    count(*) as lines,
    sum(f.quantity) as quantity,
    sum(f.amount) as amount,
    sum(f.tax) as tax,
    sum(f.freight) as freight,
    sum(f.tax * f.line_no) as tax_by_place,
    sum(f.freight * f.line_no) as freight_by_place,
    sum(case when f.delivery_class = 'fast' then 1 else 0 end) as fast_lines,
    sum(case when f.delivery_class = 'usual' then 1 else 0 end) as usual_lines,
    sum(case when f.delivery_class = 'slow' then 1 else 0 end) as slow_lines,
    sum(case when f.delivery_class = 'late' then 1 else 0 end) as late_lines,
    sum(case when f.delivery_class = 'open' then 1 else 0 end) as open_lines,
    sum(case when c.price_group = 'dealer' then f.amount else 0 end) as dealer_amount,
    sum(case when d.day_name = 'Monday' then f.amount else 0 end) as monday_amount,
    (select count(distinct customer_id) from star.dim_customer where customer_key > 0) as customers,
    (select count(*) from star.dim_customer where customer_key > 0) as customer_versions,
    (select count(distinct product_id) from star.dim_product where product_key > 0) as products,
    (select count(*) from star.dim_product where product_key > 0) as product_versions,
    (select count(*) from star.bridge_product_vendors) as product_vendors,
    (
        select round(sum(s.amount * b.weight), 2)
        from star.fact_sales as s
        join star.bridge_product_vendors as b on b.product_durable_key = s.product_durable_key
    ) as amount_of_vendors
from star.fact_sales as f
join star.dim_customer as c on c.customer_key = f.customer_key
join star.dim_date as d on d.date_key = f.ordered_date_key
