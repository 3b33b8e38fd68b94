-- How long do listeners stay free before they pay?
select
    dayname(u.valid_to) as upgraded_on,
    count(*) as upgrades,
    median(date_diff('day', u.registered_at, u.valid_to)) as median_days_since_registration
from star.dim_user as u
where u.level = 'free' and not u.is_current
group by upgraded_on, isodow(u.valid_to)
order by isodow(u.valid_to)
