select customer_id, customer_name, segment
from shop.sales
