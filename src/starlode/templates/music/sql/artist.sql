-- Each song brings its artist along; where songs disagree about one, the run says so and keeps what most of them say.
select
    artist_id,
    artist_name as name,
    nullif(artist_location, '') as location,
    artist_latitude as latitude,
    artist_longitude as longitude
from app.songs
