create temp table __starlode_in as
select "artist_id", "name", "location", "latitude", "longitude"
  from (
select cast("artist_id" as text) collate "C" as "artist_id",
       cast("name" as text) collate "C" as "name",
       cast("location" as text) collate "C" as "location",
       cast("latitude" as text) collate "C" as "latitude",
       cast("longitude" as text) collate "C" as "longitude"
  from (
SELECT
  "songs"."artist_id" AS "artist_id",
  "songs"."artist_name" AS "name",
  NULLIF("songs"."artist_location", '') AS "location",
  "songs"."artist_latitude" AS "latitude",
  "songs"."artist_longitude" AS "longitude"
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
  ) as said ("artist_id", "name", "location", "latitude", "longitude")
  ) as chosen;

create table "star"."dim_artist" (
  "artist_key" bigint,
  "artist_id" text collate "C",
  "name" text collate "C",
  "location" text collate "C",
  "latitude" text collate "C",
  "longitude" text collate "C",
  "is_inferred" boolean,
  "load_key" bigint
);

insert into "star"."dim_artist" ("artist_key", "artist_id", "name", "location", "latitude", "longitude", "is_inferred", "load_key")
values (-1, null, 'Unknown', 'Unknown', 'Unknown', 'Unknown', false, 1),
       (-2, null, 'Not applicable', 'Not applicable', 'Not applicable', 'Not applicable', false, 1),
       (-3, null, 'Not yet arrived', 'Not yet arrived', 'Not yet arrived', 'Not yet arrived', false, 1);

create temp table __starlode_chain as
select "artist_id", "name", "location", "latitude", "longitude", "__starlode_variants"
  from (select *, count(*) over (partition by "artist_id") as "__starlode_variants",
               row_number() over (partition by "artist_id"
                                  order by "__starlode_votes" desc, "name" nulls last, "location" nulls last, "latitude" nulls last, "longitude" nulls last) as "__starlode_choice"
          from (select "artist_id", "name", "location", "latitude", "longitude", count(*) as "__starlode_votes"
                  from __starlode_in where "artist_id" is not null
                 group by "artist_id", "name", "location", "latitude", "longitude") as counted) as numbered
 where "__starlode_choice" = 1;

create temp table __starlode_rows as
with matched as (
        select coalesce(d."artist_key", case when true then i."artist_key" end) as "__starlode_held_key",
               case when d."artist_key" is not null and d."name" is not distinct from c."name" and d."location" is not distinct from c."location" and d."latitude" is not distinct from c."latitude" and d."longitude" is not distinct from c."longitude" then 'same'
                    when d."artist_key" is not null then 'update' end as "__starlode_held_change",
               c."artist_id", c."name" as "name", c."location" as "location", c."latitude" as "latitude", c."longitude" as "longitude"
          from __starlode_chain as c
          left join "star"."dim_artist" as d on d."artist_id" = c."artist_id" and d."artist_key" > 0 and not d.is_inferred
          left join "star"."dim_artist" as i on i."artist_id" = c."artist_id" and i."artist_key" > 0 and i.is_inferred)
select coalesce("__starlode_held_key", greatest(coalesce((select max("artist_key") from "star"."dim_artist"), 0), coalesce((select max(highest) from "starlode"."retired" where object = 'dim_artist'), 0), 0)
                          + row_number() over (partition by "__starlode_held_key" is null
                                               order by "artist_id")) as "artist_key",
       case when "__starlode_held_key" is null then 'insert'
            else coalesce("__starlode_held_change", 'update') end as "__starlode_change",
       "artist_id", "name", "location", "latitude", "longitude"
  from matched;

update "star"."dim_artist" as d
   set "artist_id" = w."artist_id",
       "name" = w."name",
       "location" = w."location",
       "latitude" = w."latitude",
       "longitude" = w."longitude",
       is_inferred = false, load_key = 1
  from __starlode_rows as w
 where w."__starlode_change" = 'update' and w."artist_key" = d."artist_key";

insert into "star"."dim_artist" ("artist_key", "artist_id", "name", "location", "latitude", "longitude", is_inferred, load_key)
select "artist_key", "artist_id", "name", "location", "latitude", "longitude", false, 1 from __starlode_rows where "__starlode_change" = 'insert';
