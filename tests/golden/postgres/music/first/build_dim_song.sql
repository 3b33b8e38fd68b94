create temp table __starlode_in as
select "song_id", "title", "artist_name", "year", "seconds"
  from (
select cast("song_id" as text) collate "C" as "song_id",
       cast("title" as text) collate "C" as "title",
       cast("artist_name" as text) collate "C" as "artist_name",
       cast("year" as bigint) as "year",
       cast("seconds" as numeric(18,5)) as "seconds"
  from (
SELECT
  "songs"."song_id" AS "song_id",
  "songs"."title" AS "title",
  "songs"."artist_name" AS "artist_name",
  NULLIF("songs"."year", 0) AS "year",
  "songs"."duration" AS "seconds"
FROM (
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
) AS "songs"
  ) as said ("song_id", "title", "artist_name", "year", "seconds")
  ) as chosen;

create table "star"."dim_song" (
  "song_key" bigint,
  "song_id" text collate "C",
  "title" text collate "C",
  "artist_name" text collate "C",
  "year" bigint,
  "seconds" numeric(18,5),
  "is_inferred" boolean,
  "load_key" bigint
);

insert into "star"."dim_song" ("song_key", "song_id", "title", "artist_name", "year", "seconds", "is_inferred", "load_key")
values (-1, null, 'Unknown', 'Unknown', null, null, false, 1),
       (-2, null, 'Not applicable', 'Not applicable', null, null, false, 1),
       (-3, null, 'Not yet arrived', 'Not yet arrived', null, null, false, 1);

create temp table __starlode_chain as
select "song_id", "title", "artist_name", "year", "seconds", "__starlode_variants"
  from (select *, count(*) over (partition by "song_id") as "__starlode_variants",
               row_number() over (partition by "song_id"
                                  order by "__starlode_votes" desc, "title" nulls last, "artist_name" nulls last, "year" nulls last, "seconds" nulls last) as "__starlode_choice"
          from (select "song_id", "title", "artist_name", "year", "seconds", count(*) as "__starlode_votes"
                  from __starlode_in where "song_id" is not null
                 group by "song_id", "title", "artist_name", "year", "seconds") as counted) as numbered
 where "__starlode_choice" = 1;

create temp table __starlode_rows as
with matched as (
        select coalesce(d."song_key", case when true then i."song_key" end) as "__starlode_held_key",
               case when d."song_key" is not null and d."title" is not distinct from c."title" and d."artist_name" is not distinct from c."artist_name" and d."year" is not distinct from c."year" and d."seconds" is not distinct from c."seconds" then 'same'
                    when d."song_key" is not null then 'update' end as "__starlode_held_change",
               c."song_id", c."title" as "title", c."artist_name" as "artist_name", c."year" as "year", c."seconds" as "seconds"
          from __starlode_chain as c
          left join "star"."dim_song" as d on d."song_id" = c."song_id" and d."song_key" > 0 and not d.is_inferred
          left join "star"."dim_song" as i on i."song_id" = c."song_id" and i."song_key" > 0 and i.is_inferred)
select coalesce("__starlode_held_key", greatest(coalesce((select max("song_key") from "star"."dim_song"), 0), coalesce((select max(highest) from "starlode"."retired" where object = 'dim_song'), 0), 0)
                          + row_number() over (partition by "__starlode_held_key" is null
                                               order by "song_id")) as "song_key",
       case when "__starlode_held_key" is null then 'insert'
            else coalesce("__starlode_held_change", 'update') end as "__starlode_change",
       "song_id", "title", "artist_name", "year", "seconds"
  from matched;

update "star"."dim_song" as d
   set "song_id" = w."song_id",
       "title" = w."title",
       "artist_name" = w."artist_name",
       "year" = w."year",
       "seconds" = w."seconds",
       is_inferred = false, load_key = 1
  from __starlode_rows as w
 where w."__starlode_change" = 'update' and w."song_key" = d."song_key";

insert into "star"."dim_song" ("song_key", "song_id", "title", "artist_name", "year", "seconds", is_inferred, load_key)
select "song_key", "song_id", "title", "artist_name", "year", "seconds", false, 1 from __starlode_rows where "__starlode_change" = 'insert';
