select
    e.sessionId as session_id, e.itemInSession as item_in_session, epoch_ms(e.ts) as start_time,
    e.userId as user_id, e.level, s.song_id, s.artist_id, e.location, e.userAgent as user_agent, 1 as plays
from app.events as e
left join app.songs as s on s.title = e.song and s.artist_name = e.artist and s.duration = e.length
where e.page = 'NextSong'
