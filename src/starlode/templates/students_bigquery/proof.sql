select
    count(*) as enrolments,
    count(f.score) as scored,
    sum(f.score) as points,
    sum(f.attempts) as attempts,
    sum(f.hours) as hours,
    sum(case when s.level = 'expert' then f.hours else 0 end) as hours_of_experts,
    sum(case when f.completed_date_key = -1 then 1 else 0 end) as under_way,
    (select count(*) from star.dim_student where student_key > 0) as versions,
    (select count(*) from star.dim_student where student_key > 0 and is_current and not is_deleted) as current_versions,
    (select count(*) from star.dim_specialization where specialization_key > 0) as specializations
from star.fact_enrolment as f
join star.dim_student as s on s.student_key = f.student_key
join star.dim_specialization as p on p.specialization_key = f.specialization_key
join star.dim_date as e on e.date_key = f.enrolled_date_key
