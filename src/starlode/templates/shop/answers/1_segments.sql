-- What does each segment buy, as it was when it bought?
select
    c.segment,
    count(*) as lines,
    sum(f.quantity) as pieces,
    sum(f.amount) as amount
from star.fact_sales as f
join star.dim_customer as c using (customer_key)
group by c.segment
order by amount desc
