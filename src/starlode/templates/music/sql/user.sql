-- Every event of somebody who is logged in is an observation of that user.
select
    userId as user_id,
    firstName as first_name,
    lastName as last_name,
    gender,
    level,
    epoch_ms(cast(registration as bigint)) as registered_at,
    epoch_ms(ts) as seen_at
from app.events
where userId <> ''
