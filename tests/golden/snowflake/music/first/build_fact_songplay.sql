create or replace transient table __starlode_fact as
select cast("SESSION_ID" as number(19,0)) as "SESSION_ID",
       cast("ITEM_IN_SESSION" as number(19,0)) as "ITEM_IN_SESSION",
       cast("PLAYED_AT" as timestamp_ntz(6)) as "PLAYED_AT",
       cast("USER_ID" as varchar) as "USER_ID",
       cast("SONG_ID" as varchar) as "SONG_ID",
       cast("ARTIST_ID" as varchar) as "ARTIST_ID",
       cast("LEVEL" as varchar) as "LEVEL",
       cast("LOCATION" as varchar) as "LOCATION",
       cast("USER_AGENT" as varchar) as "USER_AGENT",
       cast("PLAYS" as number(19,0)) as "PLAYS",
       cast("SECONDS" as number(18,5)) as "SECONDS",
       "__STARLODE_DRIVING"
  from (
SELECT
  "E"."SESSIONID" AS "SESSION_ID",
  "E"."ITEMINSESSION" AS "ITEM_IN_SESSION",
  (
    TO_TIMESTAMP("E"."TS", 3)
  ) AS "PLAYED_AT",
  "E"."USERID" AS "USER_ID",
  "S"."SONG_ID" AS "SONG_ID",
  "S"."ARTIST_ID" AS "ARTIST_ID",
  "E"."LEVEL" AS "LEVEL",
  "E"."LOCATION" AS "LOCATION",
  "E"."USERAGENT" AS "USER_AGENT",
  1 AS "PLAYS",
  "E"."LENGTH" AS "SECONDS",
  "E"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    "ARTIST",
    "AUTH",
    "firstName" AS "FIRSTNAME",
    "GENDER",
    "itemInSession" AS "ITEMINSESSION",
    "lastName" AS "LASTNAME",
    "LENGTH",
    "LEVEL",
    "LOCATION",
    "METHOD",
    "PAGE",
    "sessionId" AS "SESSIONID",
    "REGISTRATION",
    "SONG",
    "STATUS",
    "TS",
    "userAgent" AS "USERAGENT",
    "userId" AS "USERID",
    "__STARLODE_ROW" AS "__STARLODE_DRIVING"
  FROM "STAGING"."APP__EVENTS"
) AS "E"
LEFT JOIN (
  SELECT
    "NUM_SONGS",
    "ARTIST_ID",
    "ARTIST_LOCATION",
    "ARTIST_NAME",
    "SONG_ID",
    "TITLE",
    "DURATION",
    "YEAR",
    "ARTIST_LATITUDE",
    "ARTIST_LONGITUDE"
  FROM "STAGING"."APP__SONGS"
) AS "S"
  ON "S"."TITLE" = "E"."SONG"
  AND "S"."ARTIST_NAME" = "E"."ARTIST"
  AND "S"."DURATION" = "E"."LENGTH"
WHERE
  "E"."PAGE" = 'NextSong'
  ) as said ("SESSION_ID", "ITEM_IN_SESSION", "PLAYED_AT", "USER_ID", "SONG_ID", "ARTIST_ID", "LEVEL", "LOCATION", "USER_AGENT", "PLAYS", "SECONDS", "__STARLODE_DRIVING");

create table "STAR"."FACT_SONGPLAY" (
  "TIME_KEY" number(19,0),
  "USER_KEY" number(19,0),
  "SONG_KEY" number(19,0),
  "ARTIST_KEY" number(19,0),
  "SESSION_ID" number(19,0),
  "ITEM_IN_SESSION" number(19,0),
  "PLAYED_AT" timestamp_ntz(6),
  "USER_ID" varchar,
  "SONG_ID" varchar,
  "ARTIST_ID" varchar,
  "LEVEL" varchar,
  "LOCATION" varchar,
  "USER_AGENT" varchar,
  "PLAYS" number(19,0),
  "SECONDS" number(18,5),
  "LOAD_KEY" number(19,0)
);

insert into "STAR"."FACT_SONGPLAY" ("TIME_KEY", "USER_KEY", "SONG_KEY", "ARTIST_KEY", "SESSION_ID", "ITEM_IN_SESSION", "PLAYED_AT", "USER_ID", "SONG_ID", "ARTIST_ID", "LEVEL", "LOCATION", "USER_AGENT", "PLAYS", "SECONDS", load_key)
select "TIME_KEY", "USER_KEY", "SONG_KEY", "ARTIST_KEY", "SESSION_ID", "ITEM_IN_SESSION", "PLAYED_AT", "USER_ID", "SONG_ID", "ARTIST_ID", "LEVEL", "LOCATION", "USER_AGENT", "PLAYS", "SECONDS", 1 from (
select coalesce(cast((extract(year from cast(f."PLAYED_AT" as timestamp_ntz(6))) * 10000 + extract(month from cast(f."PLAYED_AT" as timestamp_ntz(6))) * 100 + extract(day from cast(f."PLAYED_AT" as timestamp_ntz(6)))) * 100 + extract(hour from cast(f."PLAYED_AT" as timestamp_ntz(6))) as number(19,0)), -1) as "TIME_KEY",
       coalesce(d1."USER_KEY", -1) as "USER_KEY",
       coalesce(d2."SONG_KEY", -1) as "SONG_KEY",
       coalesce(d3."ARTIST_KEY", -1) as "ARTIST_KEY",
       f."SESSION_ID", f."ITEM_IN_SESSION", f."PLAYED_AT", f."USER_ID", f."SONG_ID", f."ARTIST_ID", f."LEVEL", f."LOCATION", f."USER_AGENT", f."PLAYS", f."SECONDS"
  from __starlode_fact as f
  left join (select "USER_KEY", "USER_ID", valid_to,
          case when row_number() over (partition by "USER_ID" order by valid_from) = 1
               then timestamp '0001-01-01 00:00:00' else valid_from end as "__STARLODE_KNOWN_FROM"
     from "STAR"."DIM_USER" as v where v."USER_KEY" > 0) as d1
    on d1."USER_ID" = f."USER_ID" and least(coalesce(cast(f."PLAYED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') >= d1."__STARLODE_KNOWN_FROM" and least(coalesce(cast(f."PLAYED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') < d1.valid_to
  left join "STAR"."DIM_SONG" as d2 on d2."SONG_ID" = f."SONG_ID" and d2."SONG_KEY" > 0
  left join "STAR"."DIM_ARTIST" as d3 on d3."ARTIST_ID" = f."ARTIST_ID" and d3."ARTIST_KEY" > 0
  ) as keyed;
