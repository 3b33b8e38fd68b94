-- What is sold of each vendor, where a product with several counts in parts?
select
    v.name as vendor,
    count(distinct b.product_durable_key) as products,
    round(sum(f.amount * b.weight), 2) as amount
from star.fact_sales as f
join star.bridge_product_vendors as b on b.product_durable_key = f.product_durable_key
join star.dim_vendor as v on v.vendor_key = b.vendor_key
group by v.name
order by amount desc
