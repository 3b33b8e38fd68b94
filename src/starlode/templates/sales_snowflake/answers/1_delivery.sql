-- How fast are orders delivered, by the channel that they came through?
select
    d.channel,
    d.delivery_class,
    count(*) as lines,
    round(avg(f.days_to_deliver), 1) as days,
    sum(f.total) as total
from star.fact_sales as f
join star.dim_delivery as d on d.delivery_key = f.delivery_key
group by d.channel, d.delivery_class
order by d.channel, d.delivery_class
