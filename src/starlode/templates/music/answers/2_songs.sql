-- Which songs of the catalogue are played most?
select
    s.title,
    s.artist_name as artist,
    s.year,
    count(*) as plays
from star.fact_songplay as f
join star.dim_song as s using (song_key)
where s.song_key > 0
group by s.title, s.artist_name, s.year, s.song_id
order by plays desc, s.song_id
limit 5
