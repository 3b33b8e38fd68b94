create table "staging"."app__songs" (
  "num_songs" bigint,
  "artist_id" text collate "C",
  "artist_location" text collate "C",
  "artist_name" text collate "C",
  "song_id" text collate "C",
  "title" text collate "C",
  "duration" numeric(18,5),
  "year" bigint,
  "artist_latitude" text collate "C",
  "artist_longitude" text collate "C",
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint
);

drop table if exists "staging"."app__songs (gone)";

create table "staging"."app__songs (gone)" (
  "num_songs" bigint,
  "artist_id" text collate "C",
  "artist_location" text collate "C",
  "artist_name" text collate "C",
  "song_id" text collate "C",
  "title" text collate "C",
  "duration" numeric(18,5),
  "year" bigint,
  "artist_latitude" text collate "C",
  "artist_longitude" text collate "C",
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint
);

create unlogged table "staging"."app__songs (work)" (
  "num_songs" bigint,
  "artist_id" text collate "C",
  "artist_location" text collate "C",
  "artist_name" text collate "C",
  "song_id" text collate "C",
  "title" text collate "C",
  "duration" numeric(18,5),
  "year" bigint,
  "artist_latitude" text collate "C",
  "artist_longitude" text collate "C",
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint
);

insert into "staging"."app__songs (work)" ("num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load")
select cast("num_songs" as bigint), cast("artist_id" as text), cast("artist_location" as text), cast("artist_name" as text), cast("song_id" as text), cast("title" as text), cast("duration" as numeric(18,5)), cast("year" as bigint), cast("artist_latitude" as text), cast("artist_longitude" as text), cast("_file" as text), cast("_row" as bigint), 1
  from the landed files landing/part-00001.parquet;

insert into "staging"."app__songs" ("num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load")
select "num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load" from "staging"."app__songs (work)" where "_load" = 1;
