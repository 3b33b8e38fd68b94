select
    userId as user_id, firstName as first_name, lastName as last_name, gender, level, epoch_ms(ts) as seen_at
from app.events
where userId <> '' and page = 'NextSong'
