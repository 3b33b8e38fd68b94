select customer_id, name, city, segment, postal_code, credit_limit, registered_at, changed_at
from shop.customers
