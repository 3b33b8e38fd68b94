-- This one is asked of the shop itself. Lines have no `updated_at`; whoever changes one touches its order, and so the
-- order's moment stands for them.
select l.order_id, l.line_no, l.product_id, l.quantity, l.unit_price, l.discount, l.amount, o.updated_at
from public.order_lines as l
join public.orders as o on o.order_id = l.order_id
