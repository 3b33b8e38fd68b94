-- The second batch brings a column `channel`; staging takes it, and this SELECT need not know of it.
select id, updated_at, amount
from shop.payments
