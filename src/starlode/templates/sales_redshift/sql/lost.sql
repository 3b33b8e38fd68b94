-- Each line of the shop is in the star, with its money, its product and its customer; this finds those that are not.
select s.row_id
from shop.sales as s
left join star.fact_sales as f on f.row_id = s.row_id
left join star.dim_product as p on p.product_key = f.product_key
left join star.dim_customer as c on c.customer_key = f.customer_key
where f.row_id is null
    or f.sales <> s.sales
    or f.profit <> s.profit
    or f.quantity <> s.quantity
    or p.product_id <> s.product_id
    or c.customer_id <> s.customer_id
