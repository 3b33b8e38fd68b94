-- What still waits to be shipped, and what left in which way?
select
    f.ship_mode,
    count(*) as lines,
    count(f.ship_date) as shipped,
    count(*) - count(f.ship_date) as waiting
from star.fact_sales as f
group by f.ship_mode
order by f.ship_mode
