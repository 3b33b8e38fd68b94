-- Where is money made, and how much of it went to nobody knows where?
select
    l.region,
    l.country,
    count(*) as lines,
    sum(f.sales) as sales,
    sum(f.profit) as profit
from star.fact_sales as f
join star.dim_location as l on l.location_key = f.location_key
group by l.region, l.country
order by profit desc
