select
    track as song_id,
    title,
    nullif(year, 0) as year,
    duration as seconds
from app.songs
