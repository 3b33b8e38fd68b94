-- What did each run insert, change and delete?
select
    s.run_id,
    s.object,
    s.rows_inserted,
    s.rows_updated,
    s.rows_deleted
from starlode.step as s
where s.verb = 'build' and s.status = 'done' and s.rows_inserted + s.rows_updated + s.rows_deleted > 0
order by s.run_id, s.step
