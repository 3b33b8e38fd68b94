-- What does each segment buy, month by month?
select
    d.year,
    d.month,
    sum(case when c.segment = 'private' then f.sales else 0 end) as private_sales,
    sum(case when c.segment = 'business' then f.sales else 0 end) as business_sales,
    sum(case when c.segment = 'public' then f.sales else 0 end) as public_sales
from star.fact_sales as f
join star.dim_date as d on d.date_key = f.ordered_date_key
join star.dim_customer as c on c.customer_key = f.customer_key
group by d.year, d.month
order by d.year, d.month
