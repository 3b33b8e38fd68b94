select
    epoch_ms(ts) as played_at,
    hour(epoch_ms(ts)) as hour
from app.events
where page = 'NextSong'
