select d.user_id, d.specialization
from star.dim_student as d
left join academy.students as s
    on s.user_id = d.user_id
    and s.specialization = d.specialization
where d.student_key > 0
    and not d.is_deleted
    and s.user_id is null
