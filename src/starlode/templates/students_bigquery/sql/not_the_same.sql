select s.user_id, s.specialization
from academy.students as s
left join star.dim_student as d
    on d.user_id = s.user_id
    and d.specialization = s.specialization
    and d.is_current
left join star.fact_enrolment as f
    on f.user_id = s.user_id
    and f.specialization = s.specialization
where d.student_key is null
    or d.is_deleted
    or f.student_key is null
    or f.student_key <> d.student_key
    or d.first_name is distinct from s.first_name
    or d.last_name is distinct from s.last_name
    or d.email is distinct from s.email
    or d.country is distinct from s.country
    or d.plan is distinct from s.plan
    or d.level is distinct from s.level
    or d.score is distinct from s.score
    or f.score is distinct from s.score
    or f.attempts is distinct from s.attempts
    or f.hours is distinct from s.hours
    or f.enrolled_at is distinct from s.enrolled_at
    or f.completed_at is distinct from s.completed_at
