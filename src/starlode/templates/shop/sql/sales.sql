-- A line that has not been shipped has no shipment yet: the join must not lose it, and `shipped_at` is NULL.
select
    l.order_id,
    l.line_no,
    o.customer_id,
    l.product_id,
    o.channel,
    o.status,
    o.ordered_at,
    s.shipped_at,
    l.quantity,
    l.unit_price,
    l.amount
from shop.order_lines as l
join shop.orders as o on o.order_id = l.order_id
left join shop.shipments as s on s.order_id = l.order_id and s.line_no = l.line_no
