create table "staging"."app__songs" (
  "num_songs" BIGINT,
  "artist_id" VARCHAR,
  "artist_location" VARCHAR,
  "artist_name" VARCHAR,
  "song_id" VARCHAR,
  "title" VARCHAR,
  "duration" DECIMAL(18,5),
  "year" BIGINT,
  "artist_latitude" VARCHAR,
  "artist_longitude" VARCHAR,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT
);

drop table if exists "staging"."app__songs (gone)";

create table "staging"."app__songs (gone)" (
  "num_songs" BIGINT,
  "artist_id" VARCHAR,
  "artist_location" VARCHAR,
  "artist_name" VARCHAR,
  "song_id" VARCHAR,
  "title" VARCHAR,
  "duration" DECIMAL(18,5),
  "year" BIGINT,
  "artist_latitude" VARCHAR,
  "artist_longitude" VARCHAR,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT,
  "_gone" BIGINT
);

create table "staging"."app__songs (work)" (
  "num_songs" BIGINT,
  "artist_id" VARCHAR,
  "artist_location" VARCHAR,
  "artist_name" VARCHAR,
  "song_id" VARCHAR,
  "title" VARCHAR,
  "duration" DECIMAL(18,5),
  "year" BIGINT,
  "artist_latitude" VARCHAR,
  "artist_longitude" VARCHAR,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT
);

insert into "staging"."app__songs (work)" ("num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load")
select cast("num_songs" as BIGINT), cast("artist_id" as VARCHAR), cast("artist_location" as VARCHAR), cast("artist_name" as VARCHAR), cast("song_id" as VARCHAR), cast("title" as VARCHAR), cast("duration" as DECIMAL(18,5)), cast("year" as BIGINT), cast("artist_latitude" as VARCHAR), cast("artist_longitude" as VARCHAR), cast("_file" as VARCHAR), cast("_row" as BIGINT), 1
  from the landed files landing/part-00001.parquet;

insert into "staging"."app__songs" ("num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load")
select "num_songs", "artist_id", "artist_location", "artist_name", "song_id", "title", "duration", "year", "artist_latitude", "artist_longitude", "_file", "_row", "_load" from "staging"."app__songs (work)" where "_load" = 1;
