create or replace transient table __starlode_arrived (
  "ARTIST" varchar,
  "AUTH" varchar,
  "firstName" varchar,
  "GENDER" varchar,
  "itemInSession" number(19,0),
  "lastName" varchar,
  "LENGTH" number(18,5),
  "LEVEL" varchar,
  "LOCATION" varchar,
  "METHOD" varchar,
  "PAGE" varchar,
  "sessionId" number(19,0),
  "REGISTRATION" number(18,1),
  "SONG" varchar,
  "STATUS" number(19,0),
  "TS" number(19,0),
  "userAgent" varchar,
  "userId" varchar,
  "_FILE" varchar,
  "_ROW" number(19,0)
);

copy into __starlode_arrived from @starlode_work.loads/load
files = ('part-00001.parquet')
file_format = (type = parquet use_logical_type = true)
match_by_column_name = case_insensitive on_error = abort_statement force = true;

insert into "STAGING"."APP__EVENTS" ("ARTIST", "AUTH", "firstName", "GENDER", "itemInSession", "lastName", "LENGTH", "LEVEL", "LOCATION", "METHOD", "PAGE", "sessionId", "REGISTRATION", "SONG", "STATUS", "TS", "userAgent", "userId", "_FILE", "_ROW", "_LOAD")
select cast("ARTIST" as varchar),
       cast("AUTH" as varchar),
       cast("firstName" as varchar),
       cast("GENDER" as varchar),
       cast("itemInSession" as number(19,0)),
       cast("lastName" as varchar),
       cast("LENGTH" as number(18,5)),
       cast("LEVEL" as varchar),
       cast("LOCATION" as varchar),
       cast("METHOD" as varchar),
       cast("PAGE" as varchar),
       cast("sessionId" as number(19,0)),
       cast("REGISTRATION" as number(18,1)),
       cast("SONG" as varchar),
       cast("STATUS" as number(19,0)),
       cast("TS" as number(19,0)),
       cast("userAgent" as varchar),
       cast("userId" as varchar),
       cast("_FILE" as varchar),
       cast("_ROW" as number(19,0)),
       1
  from __starlode_arrived;
