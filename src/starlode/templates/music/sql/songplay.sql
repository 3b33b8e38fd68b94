-- Titles are shared by artists, and a song has recordings of several lengths: only the three together name a song.
select
    e.sessionId as session_id,
    e.itemInSession as item_in_session,
    epoch_ms(e.ts) as played_at,
    e.userId as user_id,
    s.song_id,
    s.artist_id,
    e.level,
    e.location,
    e.userAgent as user_agent,
    1 as plays,
    e.length as seconds
from app.events as e
left join app.songs as s
    on s.title = e.song
    and s.artist_name = e.artist
    and s.duration = e.length
where e.page = 'NextSong'
