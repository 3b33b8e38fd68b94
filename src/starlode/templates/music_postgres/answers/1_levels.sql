-- How much does each level listen?
select
    u.level,
    count(*) as plays,
    count(distinct u.user_id) as listeners
from star.fact_songplay as f
join star.dim_user as u on u.user_key = f.user_key
group by u.level
order by plays desc
