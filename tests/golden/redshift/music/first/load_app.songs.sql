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

insert into "staging"."app__songs" ("num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load")
select "num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load" from "staging"."app__songs (work)" where "_load" = 1;
