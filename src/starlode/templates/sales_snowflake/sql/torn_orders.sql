-- The lines of an order come to its tax and its freight.
select o.order_id
from erp.orders as o
left join (
    select order_id, sum(tax) as tax, sum(freight) as freight
    from star.fact_sales
    group by order_id
) as f on f.order_id = o.order_id
where f.order_id is null or f.tax <> o.tax or f.freight <> o.freight
