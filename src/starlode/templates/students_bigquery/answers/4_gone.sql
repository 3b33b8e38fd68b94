-- Who was in an earlier extract and is not in the last one?
select
    d.user_id,
    d.specialization,
    d.level,
    d.score as last_score
from star.dim_student as d
where d.is_deleted
    and d.is_current
order by d.user_id, d.specialization
limit 5
