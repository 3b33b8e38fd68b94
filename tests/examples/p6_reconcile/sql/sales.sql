-- Two inner joins, each wrong in its way: one loses the orders of customers that are not known, one doubles those of
-- products with two vendors. The run must find both and fail.
select
    o.order_id,
    o.customer_id,
    v.vendor,
    o.amount
from shop.orders as o
join shop.customers as c on c.customer_id = o.customer_id
join shop.product_vendor as v on v.product_id = o.product_id
