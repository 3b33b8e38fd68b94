select product_id, sku, name, category, list_price, weight_kg, attributes ->> 'colour' as colour, changed_at
from shop.products
