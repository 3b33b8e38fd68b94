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

drop table if exists "STAGING"."APP__SONGS (MET)";

create transient table "STAGING"."APP__SONGS (MET)" (
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

insert into "STAGING"."APP__SONGS (MET)" ("NUM_SONGS", "ARTIST_ID", "ARTIST_LOCATION", "ARTIST_NAME", "SONG_ID", "TITLE", "DURATION", "YEAR", "ARTIST_LATITUDE", "ARTIST_LONGITUDE", "_FILE", "_ROW", "_LOAD")
select "NUM_SONGS", "ARTIST_ID", "ARTIST_LOCATION", "ARTIST_NAME", "SONG_ID", "TITLE", "DURATION", "YEAR", "ARTIST_LATITUDE", "ARTIST_LONGITUDE", "_FILE", "_ROW", "_LOAD"
  from "STAGING"."APP__SONGS" as h
 where (h."SONG_ID") in (select "SONG_ID" from "STAGING"."APP__SONGS (WORK)");

create or replace transient table "__STARLODE_MERGE" as
select w.*,
       case when h."_LOAD" is null then 'insert'
            when (((w."_FILE" < h."_FILE" or (w."_FILE" is null and h."_FILE" is not null))) or (w."_FILE" is not distinct from h."_FILE" and (w."_ROW" < h."_ROW" or (w."_ROW" is null and h."_ROW" is not null)))) then 'stale'
            when not (h."NUM_SONGS" is not distinct from w."NUM_SONGS" and h."ARTIST_ID" is not distinct from w."ARTIST_ID" and h."ARTIST_LOCATION" is not distinct from w."ARTIST_LOCATION" and h."ARTIST_NAME" is not distinct from w."ARTIST_NAME" and h."SONG_ID" is not distinct from w."SONG_ID" and h."TITLE" is not distinct from w."TITLE" and h."DURATION" is not distinct from w."DURATION" and h."YEAR" is not distinct from w."YEAR" and h."ARTIST_LATITUDE" is not distinct from w."ARTIST_LATITUDE" and h."ARTIST_LONGITUDE" is not distinct from w."ARTIST_LONGITUDE") then 'update'
            when h."_FILE" = w."_FILE" and h."_ROW" = w."_ROW" then 'same'
            else 'move' end as "__STARLODE_CHANGE"
  from (select *, row_number() over (partition by "SONG_ID" order by "_FILE" desc nulls last, "_ROW" desc nulls last) as "__STARLODE_NEWEST"
          from "STAGING"."APP__SONGS (WORK)") as w
  left join "STAGING"."APP__SONGS (MET)" as h on h."SONG_ID" = w."SONG_ID"
 where w."__STARLODE_NEWEST" = 1;

delete from "STAGING"."APP__SONGS" as h
 where (h."SONG_ID") in (select "SONG_ID" from "__STARLODE_MERGE" where "__STARLODE_CHANGE" in ('update', 'move'));

insert into "STAGING"."APP__SONGS" ("NUM_SONGS", "ARTIST_ID", "ARTIST_LOCATION", "ARTIST_NAME", "SONG_ID", "TITLE", "DURATION", "YEAR", "ARTIST_LATITUDE", "ARTIST_LONGITUDE", "_FILE", "_ROW", "_LOAD")
select "NUM_SONGS", "ARTIST_ID", "ARTIST_LOCATION", "ARTIST_NAME", "SONG_ID", "TITLE", "DURATION", "YEAR", "ARTIST_LATITUDE", "ARTIST_LONGITUDE", "_FILE", "_ROW", "_LOAD" from "__STARLODE_MERGE" where "__STARLODE_CHANGE" in ('insert', 'update', 'move');

drop table if exists "STAGING"."APP__SONGS (MET)";
