select user_id, specialization, enrolled_at, completed_at, updated_at, attempts, hours, score
from academy.students
