-- Which products earn least, or lose money?
select
    p.product_id,
    p.product_name,
    p.category,
    sum(f.quantity) as pieces,
    sum(f.profit) as profit
from star.fact_sales as f
join star.dim_product as p on p.product_key = f.product_key
group by p.product_id, p.product_name, p.category
order by profit, p.product_id
limit 5
