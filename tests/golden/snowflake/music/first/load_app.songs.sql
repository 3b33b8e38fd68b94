create table "STAGING"."APP__SONGS" (
  "NUM_SONGS" number(19,0),
  "ARTIST_ID" varchar,
  "ARTIST_LOCATION" varchar,
  "ARTIST_NAME" varchar,
  "SONG_ID" varchar,
  "TITLE" varchar,
  "DURATION" number(18,5),
  "YEAR" number(19,0),
  "ARTIST_LATITUDE" varchar,
  "ARTIST_LONGITUDE" varchar,
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

drop table if exists "STAGING"."APP__SONGS (GONE)";

create table "STAGING"."APP__SONGS (GONE)" (
  "NUM_SONGS" number(19,0),
  "ARTIST_ID" varchar,
  "ARTIST_LOCATION" varchar,
  "ARTIST_NAME" varchar,
  "SONG_ID" varchar,
  "TITLE" varchar,
  "DURATION" number(18,5),
  "YEAR" number(19,0),
  "ARTIST_LATITUDE" varchar,
  "ARTIST_LONGITUDE" varchar,
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "_GONE" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

create transient table "STAGING"."APP__SONGS (WORK)" (
  "NUM_SONGS" number(19,0),
  "ARTIST_ID" varchar,
  "ARTIST_LOCATION" varchar,
  "ARTIST_NAME" varchar,
  "SONG_ID" varchar,
  "TITLE" varchar,
  "DURATION" number(18,5),
  "YEAR" number(19,0),
  "ARTIST_LATITUDE" varchar,
  "ARTIST_LONGITUDE" varchar,
  "_FILE" varchar,
  "_ROW" number(19,0),
  "_LOAD" number(19,0),
  "__STARLODE_ROW" number(19,0) identity(1,1)
);

create or replace transient table __starlode_arrived (
  "NUM_SONGS" number(19,0),
  "ARTIST_ID" varchar,
  "ARTIST_LOCATION" varchar,
  "ARTIST_NAME" varchar,
  "SONG_ID" varchar,
  "TITLE" varchar,
  "DURATION" number(18,5),
  "YEAR" number(19,0),
  "_FILE" varchar,
  "_ROW" number(19,0),
  "ARTIST_LATITUDE" varchar,
  "ARTIST_LONGITUDE" varchar
);

copy into __starlode_arrived from @starlode_work.loads/load
files = ('part-00001.parquet')
file_format = (type = parquet use_logical_type = true)
match_by_column_name = case_insensitive on_error = abort_statement force = true;

insert into "STAGING"."APP__SONGS (WORK)" ("NUM_SONGS", "ARTIST_ID", "ARTIST_LOCATION", "ARTIST_NAME", "SONG_ID", "TITLE", "DURATION", "YEAR", "ARTIST_LATITUDE", "ARTIST_LONGITUDE", "_FILE", "_ROW", "_LOAD")
select cast("NUM_SONGS" as number(19,0)),
       cast("ARTIST_ID" as varchar),
       cast("ARTIST_LOCATION" as varchar),
       cast("ARTIST_NAME" as varchar),
       cast("SONG_ID" as varchar),
       cast("TITLE" as varchar),
       cast("DURATION" as number(18,5)),
       cast("YEAR" as number(19,0)),
       cast("ARTIST_LATITUDE" as varchar),
       cast("ARTIST_LONGITUDE" as varchar),
       cast("_FILE" as varchar),
       cast("_ROW" as number(19,0)),
       1
  from __starlode_arrived;

insert into "STAGING"."APP__SONGS" ("NUM_SONGS", "ARTIST_ID", "ARTIST_LOCATION", "ARTIST_NAME", "SONG_ID", "TITLE", "DURATION", "YEAR", "ARTIST_LATITUDE", "ARTIST_LONGITUDE", "_FILE", "_ROW", "_LOAD")
select "NUM_SONGS", "ARTIST_ID", "ARTIST_LOCATION", "ARTIST_NAME", "SONG_ID", "TITLE", "DURATION", "YEAR", "ARTIST_LATITUDE", "ARTIST_LONGITUDE", "_FILE", "_ROW", "_LOAD" from "STAGING"."APP__SONGS (WORK)" where "_LOAD" = 1;
