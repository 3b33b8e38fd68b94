select distinct channel, channel in ('web', 'app') as is_online
from shop.orders
