select sessionId
from app.events
where userId <> ''
group by sessionId
having count(distinct userId) > 1
