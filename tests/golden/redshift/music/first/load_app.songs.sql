create table "staging"."app__songs" (
  "num_songs" bigint,
  "artist_id" varchar(65535),
  "artist_location" varchar(65535),
  "artist_name" varchar(65535),
  "song_id" varchar(65535),
  "title" varchar(65535),
  "duration" decimal(18,5),
  "year" bigint,
  "artist_latitude" varchar(65535),
  "artist_longitude" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

drop table if exists "staging"."app__songs (gone)";

create table "staging"."app__songs (gone)" (
  "num_songs" bigint,
  "artist_id" varchar(65535),
  "artist_location" varchar(65535),
  "artist_name" varchar(65535),
  "song_id" varchar(65535),
  "title" varchar(65535),
  "duration" decimal(18,5),
  "year" bigint,
  "artist_latitude" varchar(65535),
  "artist_longitude" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint,
  "__starlode_row" bigint identity(1,1)
);

create table "staging"."app__songs (work)" (
  "num_songs" bigint,
  "artist_id" varchar(65535),
  "artist_location" varchar(65535),
  "artist_name" varchar(65535),
  "song_id" varchar(65535),
  "title" varchar(65535),
  "duration" decimal(18,5),
  "year" bigint,
  "artist_latitude" varchar(65535),
  "artist_longitude" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

create temp table "__starlode_arrived" (
  "num_songs" bigint,
  "artist_id" varchar(65535),
  "artist_location" varchar(65535),
  "artist_name" varchar(65535),
  "song_id" varchar(65535),
  "title" varchar(65535),
  "duration" decimal(18,5),
  "year" bigint,
  "_file" varchar(65535),
  "_row" bigint,
  "artist_latitude" varchar(65535),
  "artist_longitude" varchar(65535)
);

copy "__starlode_arrived" from 's3://(a manifest of landing/part-00001.parquet)'
iam_role default format as parquet manifest;

insert into "staging"."app__songs (work)" ("num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load")
select cast("num_songs" as bigint),
       cast("artist_id" as varchar(65535)),
       cast("artist_location" as varchar(65535)),
       cast("artist_name" as varchar(65535)),
       cast("song_id" as varchar(65535)),
       cast("title" as varchar(65535)),
       cast("duration" as decimal(18,5)),
       cast("year" as bigint),
       cast("artist_latitude" as varchar(65535)),
       cast("artist_longitude" as varchar(65535)),
       cast("_file" as varchar(65535)),
       cast("_row" as bigint),
       1
  from "__starlode_arrived";

drop table "__starlode_arrived";

drop table if exists "staging"."app__songs (met)";

create table "staging"."app__songs (met)" (
  "num_songs" bigint,
  "artist_id" varchar(65535),
  "artist_location" varchar(65535),
  "artist_name" varchar(65535),
  "song_id" varchar(65535),
  "title" varchar(65535),
  "duration" decimal(18,5),
  "year" bigint,
  "artist_latitude" varchar(65535),
  "artist_longitude" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

insert into "staging"."app__songs (met)" ("num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load")
select "num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load"
  from "staging"."app__songs" as h
 where (h."song_id") in (select "song_id" from "staging"."app__songs (work)");

create temp table "__starlode_merge" as
select w.*,
       case when h."_load" is null then 'insert'
            when (((w."_file" < h."_file" or (w."_file" is null and h."_file" is not null))) or (coalesce(w."_file" = h."_file", w."_file" is null and h."_file" is null) and (w."_row" < h."_row" or (w."_row" is null and h."_row" is not null)))) then 'stale'
            when not (coalesce(h."num_songs" = w."num_songs", h."num_songs" is null and w."num_songs" is null) and coalesce(h."artist_id" = w."artist_id", h."artist_id" is null and w."artist_id" is null) and coalesce(h."artist_location" = w."artist_location", h."artist_location" is null and w."artist_location" is null) and coalesce(h."artist_name" = w."artist_name", h."artist_name" is null and w."artist_name" is null) and coalesce(h."song_id" = w."song_id", h."song_id" is null and w."song_id" is null) and coalesce(h."title" = w."title", h."title" is null and w."title" is null) and coalesce(h."duration" = w."duration", h."duration" is null and w."duration" is null) and coalesce(h."year" = w."year", h."year" is null and w."year" is null) and coalesce(h."artist_latitude" = w."artist_latitude", h."artist_latitude" is null and w."artist_latitude" is null) and coalesce(h."artist_longitude" = w."artist_longitude", h."artist_longitude" is null and w."artist_longitude" is null)) then 'update'
            when h."_file" = w."_file" and h."_row" = w."_row" then 'same'
            else 'move' end as "__starlode_change"
  from (select *, row_number() over (partition by "song_id" order by "_file" desc nulls last, "_row" desc nulls last) as "__starlode_newest"
          from "staging"."app__songs (work)") as w
  left join "staging"."app__songs (met)" as h on h."song_id" = w."song_id"
 where w."__starlode_newest" = 1;

delete from "staging"."app__songs"
 where ("app__songs"."song_id") in (select "song_id" from "__starlode_merge" where "__starlode_change" in ('update', 'move'));

insert into "staging"."app__songs" ("num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load")
select "num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load" from "__starlode_merge" where "__starlode_change" in ('insert', 'update', 'move');

drop table if exists "staging"."app__songs (met)";
