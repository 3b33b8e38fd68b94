select row_id, order_id, order_date, product_id, customer_id, postal_code, sales
from shop.sales
