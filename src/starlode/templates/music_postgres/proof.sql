select
    count(*) as plays,
    sum(case when song_key > 0 then 1 else 0 end) as matched_plays
from star.fact_songplay
