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

create table "star"."fact_songplay" (
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
  "load_key" BIGINT
);

insert into "star"."fact_songplay" ("time_key", "user_key", "song_key", "artist_key", "session_id", "item_in_session", "played_at", "user_id", "song_id", "artist_id", "level", "location", "user_agent", "plays", "seconds", load_key)
select "time_key", "user_key", "song_key", "artist_key", "session_id", "item_in_session", "played_at", "user_id", "song_id", "artist_id", "level", "location", "user_agent", "plays", "seconds", 1 from (
select coalesce(cast((extract(year from cast(f."played_at" as TIMESTAMP)) * 10000 + extract(month from cast(f."played_at" as TIMESTAMP)) * 100 + extract(day from cast(f."played_at" as TIMESTAMP))) * 100 + extract(hour from cast(f."played_at" as TIMESTAMP)) as BIGINT), -1) as "time_key",
       coalesce(d1."user_key", -1) as "user_key",
       coalesce(d2."song_key", -1) as "song_key",
       coalesce(d3."artist_key", -1) as "artist_key",
       f."session_id", f."item_in_session", f."played_at", f."user_id", f."song_id", f."artist_id", f."level", f."location", f."user_agent", f."plays", f."seconds"
  from __starlode_fact as f
  left join (select "user_key", "user_id", valid_to,
          case when row_number() over (partition by "user_id" order by valid_from) = 1
               then timestamp '0001-01-01 00:00:00' else valid_from end as "__starlode_known_from"
     from "star"."dim_user" as v where v."user_key" > 0) as d1
    on d1."user_id" = f."user_id" and least(coalesce(cast(f."played_at" as TIMESTAMP), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') >= d1."__starlode_known_from" and least(coalesce(cast(f."played_at" as TIMESTAMP), timestamp '9999-12-30 23:59:59.999999'), timestamp '9999-12-30 23:59:59.999999') < d1.valid_to
  left join "star"."dim_song" as d2 on d2."song_id" = f."song_id" and d2."song_key" > 0
  left join "star"."dim_artist" as d3 on d3."artist_id" = f."artist_id" and d3."artist_key" > 0
  ) as keyed;
