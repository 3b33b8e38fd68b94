select count(*) from (select "TIME_KEY" from "STAR"."DIM_TIME" where ("TIME_KEY") in (select "TIME_KEY" from "STAR"."DIM_TIME" where load_key > 10)
  group by "TIME_KEY" having count(*) > 1) as doubled;

select count(*) from "STAR"."DIM_TIME" where load_key > 10 and ("TIME_KEY" is null);

select count(*) from (select "USER_KEY" from "STAR"."DIM_USER" where ("USER_KEY") in (select "USER_KEY" from "STAR"."DIM_USER" where load_key > 10)
  group by "USER_KEY" having count(*) > 1) as doubled;

select count(*) from "STAR"."DIM_USER" where load_key > 10 and ("USER_KEY" is null);

select count(*) from (
  select *, lead(valid_from) over (partition by "USER_ID" order by valid_from) as next_from
    from "STAR"."DIM_USER" where "USER_KEY" >= 0 and not is_inferred and ("USER_ID") in (select "USER_ID" from "STAR"."DIM_USER" where load_key > 10)) as m
 where valid_from >= valid_to
    or (coalesce(next_from, timestamp '9999-12-31 00:00:00') <> valid_to)
    or is_current <> (valid_to = timestamp '9999-12-31 00:00:00');

select count(*) from (select "USER_ID" from "STAR"."DIM_USER" where "USER_KEY" >= 0 and ("USER_ID") in (select "USER_ID" from "STAR"."DIM_USER" where load_key > 10) and is_current
  group by "USER_ID" having count(*) > 1) as doubled;

select count(*) from (select "SONG_KEY" from "STAR"."DIM_SONG" where ("SONG_KEY") in (select "SONG_KEY" from "STAR"."DIM_SONG" where load_key > 10)
  group by "SONG_KEY" having count(*) > 1) as doubled;

select count(*) from "STAR"."DIM_SONG" where load_key > 10 and ("SONG_KEY" is null);

select count(*) from (select "SONG_ID" from "STAR"."DIM_SONG" where "SONG_KEY" >= 0 and ("SONG_ID") in (select "SONG_ID" from "STAR"."DIM_SONG" where load_key > 10)
  group by "SONG_ID" having count(*) > 1) as doubled;

select count(*) from (select "ARTIST_KEY" from "STAR"."DIM_ARTIST" where ("ARTIST_KEY") in (select "ARTIST_KEY" from "STAR"."DIM_ARTIST" where load_key > 10)
  group by "ARTIST_KEY" having count(*) > 1) as doubled;

select count(*) from "STAR"."DIM_ARTIST" where load_key > 10 and ("ARTIST_KEY" is null);

select count(*) from (select "ARTIST_ID" from "STAR"."DIM_ARTIST" where "ARTIST_KEY" >= 0 and ("ARTIST_ID") in (select "ARTIST_ID" from "STAR"."DIM_ARTIST" where load_key > 10)
  group by "ARTIST_ID" having count(*) > 1) as doubled;

select count(*) from (select "SESSION_ID", "ITEM_IN_SESSION" from "STAR"."FACT_SONGPLAY" where ("SESSION_ID", "ITEM_IN_SESSION") in (select "SESSION_ID", "ITEM_IN_SESSION" from "STAR"."FACT_SONGPLAY" where load_key > 10)
  group by "SESSION_ID", "ITEM_IN_SESSION" having count(*) > 1) as doubled;

select count(*) from "STAR"."FACT_SONGPLAY" where load_key > 10 and ("SESSION_ID" is null or "ITEM_IN_SESSION" is null);

select count(*) from "STAR"."FACT_SONGPLAY" as f
 where f.load_key > 10 and not exists (select 1 from "STAR"."DIM_TIME" as d
                    where d."TIME_KEY" = f."TIME_KEY");

select count(*) from "STAR"."FACT_SONGPLAY" as f
 where f.load_key > 10 and not exists (select 1 from "STAR"."DIM_USER" as d
                    where d."USER_KEY" = f."USER_KEY");

select count(*) from "STAR"."FACT_SONGPLAY" as f
 where f.load_key > 10 and not exists (select 1 from "STAR"."DIM_SONG" as d
                    where d."SONG_KEY" = f."SONG_KEY");

select count(*) from "STAR"."FACT_SONGPLAY" as f
 where f.load_key > 10 and not exists (select 1 from "STAR"."DIM_ARTIST" as d
                    where d."ARTIST_KEY" = f."ARTIST_KEY");

select count(*) from "STAR"."DIM_USER"
 where "USER_KEY" >= 0 and not is_inferred and "LEVEL" is not null and not coalesce("LEVEL" in ('free', 'paid'), false);

select count(*) from "STAR"."FACT_SONGPLAY"
 where true and ("SECONDS" < 0.00001 or false);

select count(*) from (
SELECT
  "EVENTS"."SESSIONID" AS "SESSIONID"
FROM (
  SELECT
    "ARTIST",
    "AUTH",
    "firstName" AS "FIRSTNAME",
    "GENDER",
    "itemInSession" AS "ITEMINSESSION",
    "lastName" AS "LASTNAME",
    "LENGTH",
    "LEVEL",
    "LOCATION",
    "METHOD",
    "PAGE",
    "sessionId" AS "SESSIONID",
    "REGISTRATION",
    "SONG",
    "STATUS",
    "TS",
    "userAgent" AS "USERAGENT",
    "userId" AS "USERID"
  FROM "STAGING"."APP__EVENTS"
) AS "EVENTS"
WHERE
  "EVENTS"."USERID" <> ''
GROUP BY
  "EVENTS"."SESSIONID"
HAVING
  COUNT(DISTINCT "EVENTS"."USERID") > 1
) as found;
