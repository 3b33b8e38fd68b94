create or replace transient table __starlode_in as
select "ARTIST_ID", "NAME", "LOCATION", "LATITUDE", "LONGITUDE"
  from (
select cast("ARTIST_ID" as varchar) as "ARTIST_ID",
       cast("NAME" as varchar) as "NAME",
       cast("LOCATION" as varchar) as "LOCATION",
       cast("LATITUDE" as varchar) as "LATITUDE",
       cast("LONGITUDE" as varchar) as "LONGITUDE"
  from (
SELECT
  "SONGS"."ARTIST_ID" AS "ARTIST_ID",
  "SONGS"."ARTIST_NAME" AS "NAME",
  NULLIF("SONGS"."ARTIST_LOCATION", '') AS "LOCATION",
  "SONGS"."ARTIST_LATITUDE" AS "LATITUDE",
  "SONGS"."ARTIST_LONGITUDE" AS "LONGITUDE"
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
  ) as said ("ARTIST_ID", "NAME", "LOCATION", "LATITUDE", "LONGITUDE")
  ) as chosen;

create table "STAR"."DIM_ARTIST" (
  "ARTIST_KEY" number(19,0),
  "ARTIST_ID" varchar,
  "NAME" varchar,
  "LOCATION" varchar,
  "LATITUDE" varchar,
  "LONGITUDE" varchar,
  "IS_INFERRED" boolean,
  "LOAD_KEY" number(19,0)
);

insert into "STAR"."DIM_ARTIST" ("ARTIST_KEY", "ARTIST_ID", "NAME", "LOCATION", "LATITUDE", "LONGITUDE", "IS_INFERRED", "LOAD_KEY")
values (-1, null, 'Unknown', 'Unknown', 'Unknown', 'Unknown', false, 1),
       (-2, null, 'Not applicable', 'Not applicable', 'Not applicable', 'Not applicable', false, 1),
       (-3, null, 'Not yet arrived', 'Not yet arrived', 'Not yet arrived', 'Not yet arrived', false, 1);

create table "STARLODE"."DIM_ARTIST (KEYS)" (
  "ARTIST_ID" varchar,
  "VALID_FROM" timestamp_ntz(6),
  "ARTIST_KEY" number(19,0)
);

insert into "STARLODE"."DIM_ARTIST (KEYS)" ("ARTIST_ID", "VALID_FROM", "ARTIST_KEY")
select d."ARTIST_ID", timestamp '0001-01-01 00:00:00', d."ARTIST_KEY"
  from "STAR"."DIM_ARTIST" as d
 where d."ARTIST_KEY" > 0 and d."ARTIST_ID" is not null
   and not exists (select 1 from "STARLODE"."DIM_ARTIST (KEYS)" as m
                    where m."ARTIST_ID" = d."ARTIST_ID" and m.valid_from = timestamp '0001-01-01 00:00:00');

create or replace transient table __starlode_chain as
select "ARTIST_ID", "NAME", "LOCATION", "LATITUDE", "LONGITUDE", "__STARLODE_VARIANTS"
  from (select *, count(*) over (partition by "ARTIST_ID") as "__STARLODE_VARIANTS",
               row_number() over (partition by "ARTIST_ID"
                                  order by "__STARLODE_VOTES" desc, "NAME" nulls last, "LOCATION" nulls last, "LATITUDE" nulls last, "LONGITUDE" nulls last) as "__STARLODE_CHOICE"
          from (select "ARTIST_ID", "NAME", "LOCATION", "LATITUDE", "LONGITUDE", count(*) as "__STARLODE_VOTES"
                  from __starlode_in where "ARTIST_ID" is not null
                 group by "ARTIST_ID", "NAME", "LOCATION", "LATITUDE", "LONGITUDE") as counted) as numbered
 where "__STARLODE_CHOICE" = 1;

create or replace transient table __starlode_held as
select * from "STAR"."DIM_ARTIST" as d
 where d."ARTIST_KEY" > 0 and (d."ARTIST_ID") in (select "ARTIST_ID" from __starlode_chain);

create or replace transient table __starlode_known as
select * from "STARLODE"."DIM_ARTIST (KEYS)" as m
 where (m."ARTIST_ID") in (select "ARTIST_ID" from (select c."ARTIST_ID" from __starlode_chain as c
          left join __starlode_held as d on d."ARTIST_ID" = c."ARTIST_ID" and not d.is_inferred
         where d."ARTIST_KEY" is null) as asked);

create or replace transient table __starlode_rows as
with waiting as (
        select i."ARTIST_ID", i."ARTIST_KEY", m."ARTIST_KEY" is null as "__STARLODE_IS_FREE"
          from __starlode_held as i
          left join __starlode_known as m on m."ARTIST_ID" = i."ARTIST_ID" and m."ARTIST_KEY" = i."ARTIST_KEY"
                and m.valid_from > timestamp '0001-01-01 00:00:00'
         where i.is_inferred),
matched as (
        select d."ARTIST_KEY" as "__STARLODE_HELD_KEY", k."ARTIST_KEY" as "__STARLODE_KNOWN_KEY", i."ARTIST_KEY" as "__STARLODE_WAITING_KEY",
               case when i."__STARLODE_IS_FREE" and true then i."ARTIST_KEY" end as "__STARLODE_TAKEN_KEY",
               d."NAME" is not distinct from c."NAME" and d."LOCATION" is not distinct from c."LOCATION" and d."LATITUDE" is not distinct from c."LATITUDE" and d."LONGITUDE" is not distinct from c."LONGITUDE" as "__STARLODE_IS_SAME",
               c."ARTIST_ID", c."NAME" as "NAME", c."LOCATION" as "LOCATION", c."LATITUDE" as "LATITUDE", c."LONGITUDE" as "LONGITUDE"
          from __starlode_chain as c
          left join __starlode_held as d on d."ARTIST_ID" = c."ARTIST_ID" and not d.is_inferred
          left join __starlode_known as k
            on k."ARTIST_ID" = c."ARTIST_ID" and k.valid_from = case when d."ARTIST_KEY" is null then timestamp '0001-01-01 00:00:00' end
          left join waiting as i on i."ARTIST_ID" = c."ARTIST_ID"),
kept as (
        select *, coalesce("__STARLODE_HELD_KEY", "__STARLODE_KNOWN_KEY", "__STARLODE_TAKEN_KEY") as "__STARLODE_KEPT_KEY" from matched),
keyed as (
        select *, coalesce("__STARLODE_KEPT_KEY", coalesce((select max("ARTIST_KEY") from "STARLODE"."DIM_ARTIST (KEYS)"), 0)
                    + row_number() over (partition by "__STARLODE_KEPT_KEY" is null
                                         order by "ARTIST_ID")) as "ARTIST_KEY"
          from kept)
select "ARTIST_KEY",
       case when "__STARLODE_HELD_KEY" is not null and "__STARLODE_IS_SAME" then 'same'
            when "__STARLODE_HELD_KEY" is not null or "__STARLODE_KEPT_KEY" = "__STARLODE_WAITING_KEY" then 'update'
            else 'insert' end as "__STARLODE_CHANGE",
       "__STARLODE_HELD_KEY" is null and "__STARLODE_KNOWN_KEY" is null as "__STARLODE_IS_NEW_PAIR",
       "ARTIST_ID", "NAME", "LOCATION", "LATITUDE", "LONGITUDE"
  from keyed;

insert into "STARLODE"."DIM_ARTIST (KEYS)" ("ARTIST_ID", "VALID_FROM", "ARTIST_KEY")
select "ARTIST_ID", timestamp '0001-01-01 00:00:00', "ARTIST_KEY"
  from __starlode_rows where "__STARLODE_IS_NEW_PAIR";

insert into "STAR"."DIM_ARTIST" ("ARTIST_KEY", "ARTIST_ID", "NAME", "LOCATION", "LATITUDE", "LONGITUDE", is_inferred, load_key)
select "ARTIST_KEY", "ARTIST_ID", "NAME", "LOCATION", "LATITUDE", "LONGITUDE", false, 1 from __starlode_rows as w where "__STARLODE_CHANGE" <> 'same';
