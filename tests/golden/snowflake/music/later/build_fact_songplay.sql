create or replace transient table __starlode_ids as
select distinct "__STARLODE_NUMBER" from (
select "__STARLODE_ROW" as "__STARLODE_NUMBER" from "STAGING"."APP__EVENTS" where "_LOAD" > 9
  ) as found;

create or replace transient table __starlode_touched as
select distinct * from (
select cast("SESSION_ID" as number(19,0)) as "SESSION_ID", cast("ITEM_IN_SESSION" as number(19,0)) as "ITEM_IN_SESSION" from (
SELECT
  "E"."SESSIONID" AS "SESSION_ID",
  "E"."ITEMINSESSION" AS "ITEM_IN_SESSION",
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
  WHERE
    "__STARLODE_ROW" IN (
      SELECT
        "__STARLODE_NUMBER"
      FROM __starlode_ids
    )
) AS "E"
  ) as said ("SESSION_ID", "ITEM_IN_SESSION", "__STARLODE_DRIVING")
union all
select cast("SESSION_ID" as number(19,0)) as "SESSION_ID", cast("ITEM_IN_SESSION" as number(19,0)) as "ITEM_IN_SESSION" from (
SELECT
  "E"."SESSIONID" AS "SESSION_ID",
  "E"."ITEMINSESSION" AS "ITEM_IN_SESSION",
  "E"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    *,
    NULL AS "__STARLODE_DRIVING"
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
      "userId" AS "USERID"
    FROM "STAGING"."APP__EVENTS (GONE)"
    WHERE
      "_LOAD" <= 9 AND "_GONE" > 9
  ) AS gone
) AS "E"
  ) as said ("SESSION_ID", "ITEM_IN_SESSION", "__STARLODE_DRIVING")
  ) as found;

insert into __starlode_ids ("__STARLODE_NUMBER")
select distinct k."__STARLODE_DRIVING"
  from (
SELECT
  "E"."SESSIONID" AS "SESSION_ID",
  "E"."ITEMINSESSION" AS "ITEM_IN_SESSION",
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
  ) as k ("SESSION_ID", "ITEM_IN_SESSION", "__STARLODE_DRIVING")
 where (cast(k."SESSION_ID" as number(19,0)), cast(k."ITEM_IN_SESSION" as number(19,0))) in (select "SESSION_ID", "ITEM_IN_SESSION" from __starlode_touched)
   and k."__STARLODE_DRIVING" not in (select "__STARLODE_NUMBER" from __starlode_ids);

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
  WHERE
    "__STARLODE_ROW" IN (
      SELECT
        "__STARLODE_NUMBER"
      FROM __starlode_ids
    )
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

create or replace transient table __starlode_keyed as
select coalesce(cast((extract(year from cast(f."PLAYED_AT" as timestamp_ntz(6))) * 10000 + extract(month from cast(f."PLAYED_AT" as timestamp_ntz(6))) * 100 + extract(day from cast(f."PLAYED_AT" as timestamp_ntz(6)))) * 100 + extract(hour from cast(f."PLAYED_AT" as timestamp_ntz(6))) as number(19,0)), -1) as "TIME_KEY",
       coalesce(d1."USER_KEY", -1) as "USER_KEY",
       coalesce(d2."SONG_KEY", -1) as "SONG_KEY",
       coalesce(d3."ARTIST_KEY", -1) as "ARTIST_KEY",
       f."SESSION_ID", f."ITEM_IN_SESSION", f."PLAYED_AT", f."USER_ID", f."SONG_ID", f."ARTIST_ID", f."LEVEL", f."LOCATION", f."USER_AGENT", f."PLAYS", f."SECONDS"
  from __starlode_fact as f
  left join (select "USER_KEY", "USER_ID", valid_to,
          case when row_number() over (partition by "USER_ID" order by valid_from) = 1
               then timestamp '0001-01-01 00:00:00' else valid_from end as "__STARLODE_KNOWN_FROM"
     from "STAR"."DIM_USER" as v where v."USER_KEY" > 0
      and (v."USER_ID") in (select "USER_ID" from __starlode_fact)) as d1
    on d1."USER_ID" = f."USER_ID" and least(coalesce(cast(f."PLAYED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') >= d1."__STARLODE_KNOWN_FROM" and least(coalesce(cast(f."PLAYED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') < d1.valid_to
  left join "STAR"."DIM_SONG" as d2 on d2."SONG_ID" = f."SONG_ID" and d2."SONG_KEY" > 0
  left join "STAR"."DIM_ARTIST" as d3 on d3."ARTIST_ID" = f."ARTIST_ID" and d3."ARTIST_KEY" > 0;

create or replace transient table __starlode_held as
select f.* from "STAR"."FACT_SONGPLAY" as f
 where (f."SESSION_ID", f."ITEM_IN_SESSION") in (select "SESSION_ID", "ITEM_IN_SESSION" from __starlode_touched);

create or replace transient table __starlode_changes as
select w."SESSION_ID", w."ITEM_IN_SESSION",
       case when f.load_key is null then 'insert'
            when f."TIME_KEY" is not distinct from w."TIME_KEY" and f."USER_KEY" is not distinct from w."USER_KEY" and f."SONG_KEY" is not distinct from w."SONG_KEY" and f."ARTIST_KEY" is not distinct from w."ARTIST_KEY" and f."SESSION_ID" is not distinct from w."SESSION_ID" and f."ITEM_IN_SESSION" is not distinct from w."ITEM_IN_SESSION" and f."PLAYED_AT" is not distinct from w."PLAYED_AT" and f."USER_ID" is not distinct from w."USER_ID" and f."SONG_ID" is not distinct from w."SONG_ID" and f."ARTIST_ID" is not distinct from w."ARTIST_ID" and f."LEVEL" is not distinct from w."LEVEL" and f."LOCATION" is not distinct from w."LOCATION" and f."USER_AGENT" is not distinct from w."USER_AGENT" and f."PLAYS" is not distinct from w."PLAYS" and f."SECONDS" is not distinct from w."SECONDS" then 'same' else 'update' end as "__STARLODE_CHANGE"
  from __starlode_keyed as w left join __starlode_held as f on f."SESSION_ID" = w."SESSION_ID" and f."ITEM_IN_SESSION" = w."ITEM_IN_SESSION"
union all
select f."SESSION_ID", f."ITEM_IN_SESSION", 'delete'
  from __starlode_held as f
 where not exists (select 1 from __starlode_keyed as w where f."SESSION_ID" = w."SESSION_ID" and f."ITEM_IN_SESSION" = w."ITEM_IN_SESSION");

create table "STARLODE"."FACT_SONGPLAY (BEFORE)" (
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
  "LOAD_KEY" number(19,0),
  "_CHANGED" number(19,0)
);

insert into "STARLODE"."FACT_SONGPLAY (BEFORE)" ("TIME_KEY", "USER_KEY", "SONG_KEY", "ARTIST_KEY", "SESSION_ID", "ITEM_IN_SESSION", "PLAYED_AT", "USER_ID", "SONG_ID", "ARTIST_ID", "LEVEL", "LOCATION", "USER_AGENT", "PLAYS", "SECONDS", "LOAD_KEY", "_CHANGED")
select f."TIME_KEY", f."USER_KEY", f."SONG_KEY", f."ARTIST_KEY", f."SESSION_ID", f."ITEM_IN_SESSION", f."PLAYED_AT", f."USER_ID", f."SONG_ID", f."ARTIST_ID", f."LEVEL", f."LOCATION", f."USER_AGENT", f."PLAYS", f."SECONDS", f."LOAD_KEY", 1
  from __starlode_held as f
 where (f."SESSION_ID", f."ITEM_IN_SESSION") in (select "SESSION_ID", "ITEM_IN_SESSION" from __starlode_changes where "__STARLODE_CHANGE" in ('update', 'delete'));

delete from "STAR"."FACT_SONGPLAY" as f
 where (f."SESSION_ID", f."ITEM_IN_SESSION") in (select "SESSION_ID", "ITEM_IN_SESSION" from __starlode_changes where "__STARLODE_CHANGE" in ('update', 'delete'));

insert into "STAR"."FACT_SONGPLAY" ("TIME_KEY", "USER_KEY", "SONG_KEY", "ARTIST_KEY", "SESSION_ID", "ITEM_IN_SESSION", "PLAYED_AT", "USER_ID", "SONG_ID", "ARTIST_ID", "LEVEL", "LOCATION", "USER_AGENT", "PLAYS", "SECONDS", load_key)
select w."TIME_KEY", w."USER_KEY", w."SONG_KEY", w."ARTIST_KEY", w."SESSION_ID", w."ITEM_IN_SESSION", w."PLAYED_AT", w."USER_ID", w."SONG_ID", w."ARTIST_ID", w."LEVEL", w."LOCATION", w."USER_AGENT", w."PLAYS", w."SECONDS", 1
  from __starlode_keyed as w join __starlode_changes as c on c."SESSION_ID" = w."SESSION_ID" and c."ITEM_IN_SESSION" = w."ITEM_IN_SESSION" and c."__STARLODE_CHANGE" <> 'same';

create or replace transient table __starlode_members as
select distinct "USER_ID"
  from "STAR"."DIM_USER"
 where load_key > 9 and "USER_KEY" > 0;

create or replace transient table __starlode_pointed as
select f."SESSION_ID", f."ITEM_IN_SESSION", f."USER_ID", f."PLAYED_AT", f."USER_KEY"
  from "STAR"."FACT_SONGPLAY" as f
 where (f."USER_ID") in (select "USER_ID" from __starlode_members);

create or replace transient table __starlode_points as
select "SESSION_ID", "ITEM_IN_SESSION", "USER_KEY"
  from (select f."SESSION_ID", f."ITEM_IN_SESSION", coalesce(d1."USER_KEY", -1) as "USER_KEY",
               f."USER_KEY" as "__STARLODE_BEFORE0"
          from __starlode_pointed as f
          left join (select "USER_KEY", "USER_ID", valid_to,
          case when row_number() over (partition by "USER_ID" order by valid_from) = 1
               then timestamp '0001-01-01 00:00:00' else valid_from end as "__STARLODE_KNOWN_FROM"
     from "STAR"."DIM_USER" as v where v."USER_KEY" > 0
      and (v."USER_ID") in (select "USER_ID" from __starlode_pointed)) as d1
    on d1."USER_ID" = f."USER_ID" and least(coalesce(cast(f."PLAYED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') >= d1."__STARLODE_KNOWN_FROM" and least(coalesce(cast(f."PLAYED_AT" as timestamp_ntz(6)), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') < d1.valid_to) as found
 where "USER_KEY" <> "__STARLODE_BEFORE0";

create or replace transient table __starlode_moved as
select f.* from "STAR"."FACT_SONGPLAY" as f
 where (f."SESSION_ID", f."ITEM_IN_SESSION") in (select "SESSION_ID", "ITEM_IN_SESSION" from __starlode_points);

insert into "STARLODE"."FACT_SONGPLAY (BEFORE)" ("TIME_KEY", "USER_KEY", "SONG_KEY", "ARTIST_KEY", "SESSION_ID", "ITEM_IN_SESSION", "PLAYED_AT", "USER_ID", "SONG_ID", "ARTIST_ID", "LEVEL", "LOCATION", "USER_AGENT", "PLAYS", "SECONDS", "LOAD_KEY", "_CHANGED")
select f."TIME_KEY", f."USER_KEY", f."SONG_KEY", f."ARTIST_KEY", f."SESSION_ID", f."ITEM_IN_SESSION", f."PLAYED_AT", f."USER_ID", f."SONG_ID", f."ARTIST_ID", f."LEVEL", f."LOCATION", f."USER_AGENT", f."PLAYS", f."SECONDS", f."LOAD_KEY", 1
  from __starlode_moved as f
 where true;

delete from "STAR"."FACT_SONGPLAY" as f
 where (f."SESSION_ID", f."ITEM_IN_SESSION") in (select "SESSION_ID", "ITEM_IN_SESSION" from __starlode_points);

insert into "STAR"."FACT_SONGPLAY" ("TIME_KEY", "USER_KEY", "SONG_KEY", "ARTIST_KEY", "SESSION_ID", "ITEM_IN_SESSION", "PLAYED_AT", "USER_ID", "SONG_ID", "ARTIST_ID", "LEVEL", "LOCATION", "USER_AGENT", "PLAYS", "SECONDS", load_key)
select f."TIME_KEY", p."USER_KEY", f."SONG_KEY", f."ARTIST_KEY", f."SESSION_ID", f."ITEM_IN_SESSION", f."PLAYED_AT", f."USER_ID", f."SONG_ID", f."ARTIST_ID", f."LEVEL", f."LOCATION", f."USER_AGENT", f."PLAYS", f."SECONDS", 1
  from __starlode_moved as f join __starlode_points as p on p."SESSION_ID" = f."SESSION_ID" and p."ITEM_IN_SESSION" = f."ITEM_IN_SESSION";
