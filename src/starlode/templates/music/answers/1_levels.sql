-- How much does each level listen?
select
    u.level,
    count(*) as plays,
    count(distinct u.user_id) as listeners,
    round(sum(f.seconds) / 3600, 1) as hours
from star.fact_songplay as f
join star.dim_user as u using (user_key)
group by u.level
order by plays desc
