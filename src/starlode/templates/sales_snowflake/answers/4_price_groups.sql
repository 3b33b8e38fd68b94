-- What do dealers, chains and clubs buy, as they were when they bought?
select
    c.price_group,
    count(distinct f.customer_id) as customers,
    sum(f.quantity) as pieces,
    sum(f.amount) as amount
from star.fact_sales as f
join star.dim_customer as c on c.customer_key = f.customer_key
group by c.price_group
order by amount desc
