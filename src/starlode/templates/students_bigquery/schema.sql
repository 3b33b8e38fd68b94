-- The academy's own tables, as a mapper of objects makes them: names with capitals, moments in milliseconds without a zone.
create table "User" (
    "id" integer primary key,
    "firstName" text not null,
    "lastName" text not null,
    "email" text unique,
    "country" text,
    "plan" text not null,
    "createdAt" timestamp(3) not null,
    "updatedAt" timestamp(3) not null
);

create table "UserSpecialization" (
    "userId" integer not null references "User" on delete cascade,
    "specialization" text not null,
    "level" text not null,
    "score" double precision,
    "attempts" integer not null,
    "minutes" integer not null,
    "enrolledAt" timestamp(3) not null,
    "completedAt" timestamp(3),
    "updatedAt" timestamp(3) not null,
    primary key ("userId", "specialization")
);
