-- How does each track go?
select
    s.track,
    count(*) as enrolments,
    count(f.completed_at) as completed,
    sum(f.hours) as hours,
    max(f.score) as best_score
from star.fact_enrolment as f
join star.dim_specialization as s on s.specialization_key = f.specialization_key
group by s.track
order by enrolments desc, s.track
