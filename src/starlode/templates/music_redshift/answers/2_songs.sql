-- Which songs of the catalogue are played most?
select
    s.title,
    s.song_id,
    s.duration as seconds,
    count(*) as plays
from star.fact_songplay as f
join star.dim_song as s on s.song_key = f.song_key
where s.song_key > 0
group by s.title, s.song_id, s.duration
order by plays desc, s.song_id
limit 5
