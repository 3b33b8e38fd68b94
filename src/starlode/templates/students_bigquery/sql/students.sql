-- Asked of the academy itself, in PostgreSQL's words. Names with capitals are quoted: user without quotes is whoever asks.
-- A double is made exact before it is rounded, so that 71.455 becomes 71.46 and not 71.45.
select
    u."id" as user_id,
    u."firstName" as first_name,
    u."lastName" as last_name,
    u."email" as email,
    u."country" as country,
    u."plan" as plan,
    s."specialization" as specialization,
    s."level" as level,
    round(s."score"::numeric, 2)::numeric(5, 2) as score,
    s."attempts" as attempts,
    round(s."minutes" / 60.0, 1)::numeric(8, 1) as hours,
    s."enrolledAt" as enrolled_at,
    s."completedAt" as completed_at,
    greatest(u."updatedAt", s."updatedAt") as updated_at
from "UserSpecialization" as s
join "User" as u on u."id" = s."userId"
