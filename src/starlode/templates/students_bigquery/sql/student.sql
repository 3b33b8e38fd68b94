select user_id, specialization, first_name, last_name, email, country, plan, level, score, updated_at
from academy.students
