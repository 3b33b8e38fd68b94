-- A plain SELECT; streams are named source.stream.
select
    order_id,
    customer_id,
    ordered_at,
    shipped_at,
    product,
    quantity,
    cast(quantity * price as decimal(18, 2)) as amount
from shop.orders
