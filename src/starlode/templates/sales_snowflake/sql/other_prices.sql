-- The version of a product that a line points to has the price that the line was sold at.
select f.order_id, f.line_no
from star.fact_sales as f
join star.dim_product as p on p.product_key = f.product_key
where p.list_price <> f.unit_price
