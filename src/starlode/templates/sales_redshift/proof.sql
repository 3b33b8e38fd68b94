select
    count(*) as lines,
    count(distinct f.order_id) as orders,
    sum(f.quantity) as quantity,
    sum(f.sales) as sales,
    sum(f.profit) as profit,
    sum(case when c.segment = 'business' then f.sales else 0 end) as sales_to_business,
    sum(case when l.country = 'Belgium' then f.sales else 0 end) as sales_to_belgium,
    sum(case when l.postal_code like '0%' then 1 else 0 end) as lines_to_codes_with_a_zero,
    sum(case when f.location_key = -1 then 1 else 0 end) as lines_without_a_place,
    sum(case when f.shipped_date_key = -1 then 1 else 0 end) as waiting_lines,
    (select count(*) from star.dim_product where product_key > 0) as products,
    (select count(*) from star.dim_customer where customer_key > 0) as customers,
    (select count(*) from star.dim_location where location_key > 0) as locations
from star.fact_sales as f
join star.dim_product as p on p.product_key = f.product_key
join star.dim_customer as c on c.customer_key = f.customer_key
join star.dim_location as l on l.location_key = f.location_key
join star.dim_date as o on o.date_key = f.ordered_date_key
