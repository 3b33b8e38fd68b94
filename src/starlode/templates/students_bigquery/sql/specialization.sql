select distinct
    specialization,
    case
        when specialization like 'Data %' then 'Data'
        when specialization like 'Web %' then 'Web'
        else 'Cloud'
    end as track
from academy.students
