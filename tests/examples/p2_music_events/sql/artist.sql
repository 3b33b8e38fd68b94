select
    artist_id,
    artist as name,
    lat as latitude
from app.songs
