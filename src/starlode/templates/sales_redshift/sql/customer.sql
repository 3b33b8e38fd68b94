-- Each line shows the customer as of its order. `order_date` says which line is the latest, and is no attribute.
select customer_id, customer_name, segment, order_date
from shop.sales
