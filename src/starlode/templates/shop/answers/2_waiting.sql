-- How long do lines wait until they are shipped?
select
    o.date as ordered_on,
    count(*) as lines,
    count(f.shipped_at) as shipped,
    round(avg(extract(epoch from f.shipped_at - f.ordered_at) / 3600), 1) as hours_to_ship
from star.fact_sales as f
join star.dim_date as o on o.date_key = f.ordered_date_key
group by o.date
order by o.date
