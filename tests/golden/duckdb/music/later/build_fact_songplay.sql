create table __starlode_ids as
select distinct "__starlode_number" from (
select rowid as "__starlode_number" from "staging"."app__events" where "_load" > 9
  ) as found;

create table __starlode_touched as
select distinct * from (
select cast("session_id" as BIGINT) as "session_id", cast("item_in_session" as BIGINT) as "item_in_session" from (
SELECT
  "e"."sessionid" AS "session_id",
  "e"."iteminsession" AS "item_in_session",
  "e"."__starlode_driving"
FROM (
  SELECT
    "artist",
    "auth",
    "firstName",
    "gender",
    "itemInSession",
    "lastName",
    "length",
    "level",
    "location",
    "method",
    "page",
    "sessionId",
    "registration",
    "song",
    "status",
    "ts",
    "userAgent",
    "userId",
    rowid AS "__starlode_driving"
  FROM "staging"."app__events"
  WHERE
    rowid IN (
      SELECT
        "__starlode_number"
      FROM __starlode_ids
    )
) AS "e"
  ) as said ("session_id", "item_in_session", "__starlode_driving")
union all
select cast("session_id" as BIGINT) as "session_id", cast("item_in_session" as BIGINT) as "item_in_session" from (
SELECT
  "e"."sessionid" AS "session_id",
  "e"."iteminsession" AS "item_in_session",
  "e"."__starlode_driving"
FROM (
  SELECT
    *,
    NULL AS "__starlode_driving"
  FROM (
    SELECT
      "artist",
      "auth",
      "firstName",
      "gender",
      "itemInSession",
      "lastName",
      "length",
      "level",
      "location",
      "method",
      "page",
      "sessionId",
      "registration",
      "song",
      "status",
      "ts",
      "userAgent",
      "userId"
    FROM "staging"."app__events (gone)"
    WHERE
      "_load" <= 9 AND "_gone" > 9
  ) AS gone
) AS "e"
  ) as said ("session_id", "item_in_session", "__starlode_driving")
  ) as found;

insert into __starlode_ids ("__starlode_number")
select distinct k."__starlode_driving"
  from (
SELECT
  "e"."sessionid" AS "session_id",
  "e"."iteminsession" AS "item_in_session",
  "e"."__starlode_driving"
FROM (
  SELECT
    "artist",
    "auth",
    "firstName",
    "gender",
    "itemInSession",
    "lastName",
    "length",
    "level",
    "location",
    "method",
    "page",
    "sessionId",
    "registration",
    "song",
    "status",
    "ts",
    "userAgent",
    "userId",
    rowid AS "__starlode_driving"
  FROM "staging"."app__events"
) AS "e"
  ) as k ("session_id", "item_in_session", "__starlode_driving")
 where (cast(k."session_id" as BIGINT), cast(k."item_in_session" as BIGINT)) in (select "session_id", "item_in_session" from __starlode_touched)
   and k."__starlode_driving" not in (select "__starlode_number" from __starlode_ids);

create table __starlode_fact as
SELECT
  e.sessionId AS session_id,
  e.itemInSession AS item_in_session,
  EPOCH_MS(e.ts) AS played_at,
  e.userId AS user_id,
  s.song_id,
  s.artist_id,
  e.level,
  e.location,
  e.userAgent AS user_agent,
  1 AS plays,
  e.length AS seconds,
  "e"."__starlode_driving"
FROM (
  SELECT
    "artist",
    "auth",
    "firstName",
    "gender",
    "itemInSession",
    "lastName",
    "length",
    "level",
    "location",
    "method",
    "page",
    "sessionId",
    "registration",
    "song",
    "status",
    "ts",
    "userAgent",
    "userId",
    rowid AS "__starlode_driving"
  FROM "staging"."app__events"
  WHERE
    rowid IN (
      SELECT
        "__starlode_number"
      FROM __starlode_ids
    )
) AS "e"
LEFT JOIN (
  SELECT
    "num_songs",
    "artist_id",
    "artist_location",
    "artist_name",
    "song_id",
    "title",
    "duration",
    "year",
    "artist_latitude",
    "artist_longitude"
  FROM "staging"."app__songs"
) AS "s"
  ON s.title = e.song AND s.artist_name = e.artist AND s.duration = e.length
WHERE
  e.page = 'NextSong';

create table __starlode_keyed as
select coalesce(cast((extract(year from cast(f."played_at" as TIMESTAMP)) * 10000 + extract(month from cast(f."played_at" as TIMESTAMP)) * 100 + extract(day from cast(f."played_at" as TIMESTAMP))) * 100 + extract(hour from cast(f."played_at" as TIMESTAMP)) as BIGINT), -1) as "time_key",
       coalesce(d1."user_key", -1) as "user_key",
       coalesce(d2."song_key", -1) as "song_key",
       coalesce(d3."artist_key", -1) as "artist_key",
       f."session_id", f."item_in_session", f."played_at", f."user_id", f."song_id", f."artist_id", f."level", f."location", f."user_agent", f."plays", f."seconds"
  from __starlode_fact as f
  left join (select "user_key", "user_id", valid_to,
          case when row_number() over (partition by "user_id" order by valid_from) = 1
               then timestamp '0001-01-01 00:00:00' else valid_from end as "__starlode_known_from"
     from "star"."dim_user" as v where v."user_key" > 0
      and (v."user_id") in (select "user_id" from __starlode_fact)) as d1
    on d1."user_id" = f."user_id" and least(coalesce(cast(f."played_at" as TIMESTAMP), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') >= d1."__starlode_known_from" and least(coalesce(cast(f."played_at" as TIMESTAMP), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') < d1.valid_to
  left join "star"."dim_song" as d2 on d2."song_id" = f."song_id" and d2."song_key" > 0
  left join "star"."dim_artist" as d3 on d3."artist_id" = f."artist_id" and d3."artist_key" > 0;

create table __starlode_held as
select f.* from "star"."fact_songplay" as f
 where (f."session_id", f."item_in_session") in (select "session_id", "item_in_session" from __starlode_touched);

create table __starlode_changes as
select w."session_id", w."item_in_session",
       case when f.load_key is null then 'insert'
            when f."time_key" is not distinct from w."time_key" and f."user_key" is not distinct from w."user_key" and f."song_key" is not distinct from w."song_key" and f."artist_key" is not distinct from w."artist_key" and f."session_id" is not distinct from w."session_id" and f."item_in_session" is not distinct from w."item_in_session" and f."played_at" is not distinct from w."played_at" and f."user_id" is not distinct from w."user_id" and f."song_id" is not distinct from w."song_id" and f."artist_id" is not distinct from w."artist_id" and f."level" is not distinct from w."level" and f."location" is not distinct from w."location" and f."user_agent" is not distinct from w."user_agent" and f."plays" is not distinct from w."plays" and f."seconds" is not distinct from w."seconds" then 'same' else 'update' end as "__starlode_change"
  from __starlode_keyed as w left join __starlode_held as f on f."session_id" = w."session_id" and f."item_in_session" = w."item_in_session"
union all
select f."session_id", f."item_in_session", 'delete'
  from __starlode_held as f
 where not exists (select 1 from __starlode_keyed as w where f."session_id" = w."session_id" and f."item_in_session" = w."item_in_session");

create table "starlode"."fact_songplay (before)" (
  "time_key" BIGINT,
  "user_key" BIGINT,
  "song_key" BIGINT,
  "artist_key" BIGINT,
  "session_id" BIGINT,
  "item_in_session" BIGINT,
  "played_at" TIMESTAMP,
  "user_id" VARCHAR,
  "song_id" VARCHAR,
  "artist_id" VARCHAR,
  "level" VARCHAR,
  "location" VARCHAR,
  "user_agent" VARCHAR,
  "plays" BIGINT,
  "seconds" DECIMAL(18,5),
  "load_key" BIGINT,
  "_changed" BIGINT
);

insert into "starlode"."fact_songplay (before)" ("time_key", "user_key", "song_key", "artist_key", "session_id", "item_in_session", "played_at", "user_id", "song_id", "artist_id", "level", "location", "user_agent", "plays", "seconds", "load_key", "_changed")
select f."time_key", f."user_key", f."song_key", f."artist_key", f."session_id", f."item_in_session", f."played_at", f."user_id", f."song_id", f."artist_id", f."level", f."location", f."user_agent", f."plays", f."seconds", f."load_key", 1
  from __starlode_held as f
 where (f."session_id", f."item_in_session") in (select "session_id", "item_in_session" from __starlode_changes where "__starlode_change" in ('update', 'delete'));

delete from "star"."fact_songplay" as f
 where (f."session_id", f."item_in_session") in (select "session_id", "item_in_session" from __starlode_changes where "__starlode_change" in ('update', 'delete'));

insert into "star"."fact_songplay" ("time_key", "user_key", "song_key", "artist_key", "session_id", "item_in_session", "played_at", "user_id", "song_id", "artist_id", "level", "location", "user_agent", "plays", "seconds", load_key)
select w."time_key", w."user_key", w."song_key", w."artist_key", w."session_id", w."item_in_session", w."played_at", w."user_id", w."song_id", w."artist_id", w."level", w."location", w."user_agent", w."plays", w."seconds", 1
  from __starlode_keyed as w join __starlode_changes as c on c."session_id" = w."session_id" and c."item_in_session" = w."item_in_session" and c."__starlode_change" <> 'same';

create table __starlode_members as
select distinct "user_id"
  from "star"."dim_user"
 where load_key > 9 and "user_key" > 0;

create table __starlode_pointed as
select f."session_id", f."item_in_session", f."user_id", f."played_at", f."user_key"
  from "star"."fact_songplay" as f
 where (f."user_id") in (select "user_id" from __starlode_members);

create table __starlode_points as
select "session_id", "item_in_session", "user_key"
  from (select f."session_id", f."item_in_session", coalesce(d1."user_key", -1) as "user_key",
               f."user_key" as "__starlode_before0"
          from __starlode_pointed as f
          left join (select "user_key", "user_id", valid_to,
          case when row_number() over (partition by "user_id" order by valid_from) = 1
               then timestamp '0001-01-01 00:00:00' else valid_from end as "__starlode_known_from"
     from "star"."dim_user" as v where v."user_key" > 0
      and (v."user_id") in (select "user_id" from __starlode_pointed)) as d1
    on d1."user_id" = f."user_id" and least(coalesce(cast(f."played_at" as TIMESTAMP), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') >= d1."__starlode_known_from" and least(coalesce(cast(f."played_at" as TIMESTAMP), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') < d1.valid_to) as found
 where "user_key" <> "__starlode_before0";

create table __starlode_moved as
select f.* from "star"."fact_songplay" as f
 where (f."session_id", f."item_in_session") in (select "session_id", "item_in_session" from __starlode_points);

insert into "starlode"."fact_songplay (before)" ("time_key", "user_key", "song_key", "artist_key", "session_id", "item_in_session", "played_at", "user_id", "song_id", "artist_id", "level", "location", "user_agent", "plays", "seconds", "load_key", "_changed")
select f."time_key", f."user_key", f."song_key", f."artist_key", f."session_id", f."item_in_session", f."played_at", f."user_id", f."song_id", f."artist_id", f."level", f."location", f."user_agent", f."plays", f."seconds", f."load_key", 1
  from __starlode_moved as f
 where true;

delete from "star"."fact_songplay" as f
 where (f."session_id", f."item_in_session") in (select "session_id", "item_in_session" from __starlode_points);

insert into "star"."fact_songplay" ("time_key", "user_key", "song_key", "artist_key", "session_id", "item_in_session", "played_at", "user_id", "song_id", "artist_id", "level", "location", "user_agent", "plays", "seconds", load_key)
select f."time_key", p."user_key", f."song_key", f."artist_key", f."session_id", f."item_in_session", f."played_at", f."user_id", f."song_id", f."artist_id", f."level", f."location", f."user_agent", f."plays", f."seconds", 1
  from __starlode_moved as f join __starlode_points as p on p."session_id" = f."session_id" and p."item_in_session" = f."item_in_session";
