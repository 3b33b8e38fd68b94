select
    userId as user_id,
    firstName as first_name,
    level,
    epoch_ms(ts) as seen_at
from app.events
where userId <> ''
