select
    e.sessionId as session_id,
    epoch_ms(e.ts) as played_at,
    e.userId as user_id,
    s.track as song_id,
    s.artist_id,
    e.level,
    1 as plays,
    e.length as seconds
from app.events as e
left join app.songs as s
    on s.title = e.song
    and s.artist = e.artist
    and s.duration = e.length
where e.page = 'NextSong'
