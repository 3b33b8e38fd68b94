-- Who studies how long, by plan and level as they are now?
select
    s.plan,
    s.level,
    count(*) as enrolments,
    sum(f.hours) as hours
from star.fact_enrolment as f
join star.dim_student as s on s.student_key = f.student_key
group by s.plan, s.level
order by s.plan, s.level
