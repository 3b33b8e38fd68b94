create or replace transient table __starlode_in as
select "SONG_ID", "TITLE", "ARTIST_NAME", "YEAR", "SECONDS"
  from (
select cast("SONG_ID" as varchar) as "SONG_ID",
       cast("TITLE" as varchar) as "TITLE",
       cast("ARTIST_NAME" as varchar) as "ARTIST_NAME",
       cast("YEAR" as number(19,0)) as "YEAR",
       cast("SECONDS" as number(18,5)) as "SECONDS"
  from (
SELECT
  "SONGS"."SONG_ID" AS "SONG_ID",
  "SONGS"."TITLE" AS "TITLE",
  "SONGS"."ARTIST_NAME" AS "ARTIST_NAME",
  NULLIF("SONGS"."YEAR", 0) AS "YEAR",
  "SONGS"."DURATION" AS "SECONDS"
FROM (
  SELECT
    "NUM_SONGS",
    "ARTIST_ID",
    "ARTIST_LOCATION",
    "ARTIST_NAME",
    "SONG_ID",
    "TITLE",
    "DURATION",
    "YEAR",
    "ARTIST_LATITUDE",
    "ARTIST_LONGITUDE"
  FROM "STAGING"."APP__SONGS"
) AS "SONGS"
  ) as said ("SONG_ID", "TITLE", "ARTIST_NAME", "YEAR", "SECONDS")
  ) as chosen;

create table "STAR"."DIM_SONG" (
  "SONG_KEY" number(19,0),
  "SONG_ID" varchar,
  "TITLE" varchar,
  "ARTIST_NAME" varchar,
  "YEAR" number(19,0),
  "SECONDS" number(18,5),
  "IS_INFERRED" boolean,
  "LOAD_KEY" number(19,0)
);

insert into "STAR"."DIM_SONG" ("SONG_KEY", "SONG_ID", "TITLE", "ARTIST_NAME", "YEAR", "SECONDS", "IS_INFERRED", "LOAD_KEY")
values (-1, null, 'Unknown', 'Unknown', null, null, false, 1),
       (-2, null, 'Not applicable', 'Not applicable', null, null, false, 1),
       (-3, null, 'Not yet arrived', 'Not yet arrived', null, null, false, 1);

create table "STARLODE"."DIM_SONG (KEYS)" (
  "SONG_ID" varchar,
  "VALID_FROM" timestamp_ntz(6),
  "SONG_KEY" number(19,0)
);

insert into "STARLODE"."DIM_SONG (KEYS)" ("SONG_ID", "VALID_FROM", "SONG_KEY")
select d."SONG_ID", timestamp '0001-01-01 00:00:00', d."SONG_KEY"
  from "STAR"."DIM_SONG" as d
 where d."SONG_KEY" > 0 and d."SONG_ID" is not null
   and not exists (select 1 from "STARLODE"."DIM_SONG (KEYS)" as m
                    where m."SONG_ID" = d."SONG_ID" and m.valid_from = timestamp '0001-01-01 00:00:00');

create or replace transient table __starlode_chain as
select "SONG_ID", "TITLE", "ARTIST_NAME", "YEAR", "SECONDS", "__STARLODE_VARIANTS"
  from (select *, count(*) over (partition by "SONG_ID") as "__STARLODE_VARIANTS",
               row_number() over (partition by "SONG_ID"
                                  order by "__STARLODE_VOTES" desc, "TITLE" nulls last, "ARTIST_NAME" nulls last, "YEAR" nulls last, "SECONDS" nulls last) as "__STARLODE_CHOICE"
          from (select "SONG_ID", "TITLE", "ARTIST_NAME", "YEAR", "SECONDS", count(*) as "__STARLODE_VOTES"
                  from __starlode_in where "SONG_ID" is not null
                 group by "SONG_ID", "TITLE", "ARTIST_NAME", "YEAR", "SECONDS") as counted) as numbered
 where "__STARLODE_CHOICE" = 1;

create or replace transient table __starlode_held as
select * from "STAR"."DIM_SONG" as d
 where d."SONG_KEY" > 0 and (d."SONG_ID") in (select "SONG_ID" from __starlode_chain);

create or replace transient table __starlode_known as
select * from "STARLODE"."DIM_SONG (KEYS)" as m
 where (m."SONG_ID") in (select "SONG_ID" from (select c."SONG_ID" from __starlode_chain as c
          left join __starlode_held as d on d."SONG_ID" = c."SONG_ID" and not d.is_inferred
         where d."SONG_KEY" is null) as asked);

create or replace transient table __starlode_rows as
with waiting as (
        select i."SONG_ID", i."SONG_KEY", m."SONG_KEY" is null as "__STARLODE_IS_FREE"
          from __starlode_held as i
          left join __starlode_known as m on m."SONG_ID" = i."SONG_ID" and m."SONG_KEY" = i."SONG_KEY"
                and m.valid_from > timestamp '0001-01-01 00:00:00'
         where i.is_inferred),
matched as (
        select d."SONG_KEY" as "__STARLODE_HELD_KEY", k."SONG_KEY" as "__STARLODE_KNOWN_KEY", i."SONG_KEY" as "__STARLODE_WAITING_KEY",
               case when i."__STARLODE_IS_FREE" and true then i."SONG_KEY" end as "__STARLODE_TAKEN_KEY",
               d."TITLE" is not distinct from c."TITLE" and d."ARTIST_NAME" is not distinct from c."ARTIST_NAME" and d."YEAR" is not distinct from c."YEAR" and d."SECONDS" is not distinct from c."SECONDS" as "__STARLODE_IS_SAME",
               c."SONG_ID", c."TITLE" as "TITLE", c."ARTIST_NAME" as "ARTIST_NAME", c."YEAR" as "YEAR", c."SECONDS" as "SECONDS"
          from __starlode_chain as c
          left join __starlode_held as d on d."SONG_ID" = c."SONG_ID" and not d.is_inferred
          left join __starlode_known as k
            on k."SONG_ID" = c."SONG_ID" and k.valid_from = case when d."SONG_KEY" is null then timestamp '0001-01-01 00:00:00' end
          left join waiting as i on i."SONG_ID" = c."SONG_ID"),
kept as (
        select *, coalesce("__STARLODE_HELD_KEY", "__STARLODE_KNOWN_KEY", "__STARLODE_TAKEN_KEY") as "__STARLODE_KEPT_KEY" from matched),
keyed as (
        select *, coalesce("__STARLODE_KEPT_KEY", coalesce((select max("SONG_KEY") from "STARLODE"."DIM_SONG (KEYS)"), 0)
                    + row_number() over (partition by "__STARLODE_KEPT_KEY" is null
                                         order by "SONG_ID")) as "SONG_KEY"
          from kept)
select "SONG_KEY",
       case when "__STARLODE_HELD_KEY" is not null and "__STARLODE_IS_SAME" then 'same'
            when "__STARLODE_HELD_KEY" is not null or "__STARLODE_KEPT_KEY" = "__STARLODE_WAITING_KEY" then 'update'
            else 'insert' end as "__STARLODE_CHANGE",
       "__STARLODE_HELD_KEY" is null and "__STARLODE_KNOWN_KEY" is null as "__STARLODE_IS_NEW_PAIR",
       "SONG_ID", "TITLE", "ARTIST_NAME", "YEAR", "SECONDS"
  from keyed;

insert into "STARLODE"."DIM_SONG (KEYS)" ("SONG_ID", "VALID_FROM", "SONG_KEY")
select "SONG_ID", timestamp '0001-01-01 00:00:00', "SONG_KEY"
  from __starlode_rows where "__STARLODE_IS_NEW_PAIR";

insert into "STAR"."DIM_SONG" ("SONG_KEY", "SONG_ID", "TITLE", "ARTIST_NAME", "YEAR", "SECONDS", is_inferred, load_key)
select "SONG_KEY", "SONG_ID", "TITLE", "ARTIST_NAME", "YEAR", "SECONDS", false, 1 from __starlode_rows as w where "__STARLODE_CHANGE" <> 'same';
