select count(*) as plays, sum(seconds) as seconds from star.fact_songplay
