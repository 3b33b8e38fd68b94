-- Whose score rose most since the last extract?
select
    later.user_id,
    later.specialization,
    earlier.score as score_before,
    later.score as score_now,
    later.score - earlier.score as gained
from star.dim_student as later
join star.dim_student as earlier
    on earlier.user_id = later.user_id
    and earlier.specialization = later.specialization
    and earlier.valid_to = later.valid_from
where later.is_current
    and not later.is_deleted
    and later.score > earlier.score
order by gained desc, later.user_id, later.specialization
limit 5
