select
    song_id,
    title,
    artist_name,
    nullif(year, 0) as year, -- 0 stands for unknown
    duration as seconds
from app.songs
