select postal_code, city, state
from shop.sales
where postal_code is not null
