-- On which day of the week is how much ordered?
select
    d.month_name,
    d.day_name,
    count(distinct f.order_id) as orders,
    sum(f.amount) as amount,
    sum(f.tax) as tax,
    sum(f.freight) as freight
from star.fact_sales as f
join star.dim_date as d on d.date_key = f.ordered_date_key
group by d.month, d.month_name, d.day_of_week, d.day_name
order by d.month, d.day_of_week
