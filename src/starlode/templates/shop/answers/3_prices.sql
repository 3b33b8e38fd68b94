-- Whose price changed, and what was sold before and after?
select
    p.name,
    p.list_price,
    p.valid_from,
    sum(f.quantity) as pieces
from star.dim_product as p
left join star.fact_sales as f using (product_key)
where p.product_id in (select product_id from star.dim_product where not is_current)
group by p.product_id, p.name, p.list_price, p.valid_from
order by p.product_id, p.valid_from
