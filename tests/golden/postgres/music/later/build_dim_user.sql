create temp table __starlode_ids as
select distinct "__starlode_number" from (
select ctid as "__starlode_number" from "staging"."app__events" where "_load" > 6
  ) as found;

create temp table __starlode_touched as
select distinct * from (
select cast("user_id" as text) collate "C" as "user_id" from (
SELECT
  "events"."userid" AS "user_id",
  "events"."__starlode_driving" AS "__starlode_driving"
FROM (
  SELECT
    "artist",
    "auth",
    "firstName" AS "firstname",
    "gender",
    "itemInSession" AS "iteminsession",
    "lastName" AS "lastname",
    "length",
    "level",
    "location",
    "method",
    "page",
    "sessionId" AS "sessionid",
    "registration",
    "song",
    "status",
    "ts",
    "userAgent" AS "useragent",
    "userId" AS "userid",
    ctid AS "__starlode_driving"
  FROM "staging"."app__events"
  WHERE
    ctid IN (
      SELECT
        "__starlode_number"
      FROM __starlode_ids
    )
) AS "events"
  ) as said
union all
select cast("user_id" as text) collate "C" as "user_id" from (
SELECT
  "events"."userid" AS "user_id",
  "events"."__starlode_driving" AS "__starlode_driving"
FROM (
  SELECT
    *,
    NULL AS "__starlode_driving"
  FROM (
    SELECT
      "artist",
      "auth",
      "firstName" AS "firstname",
      "gender",
      "itemInSession" AS "iteminsession",
      "lastName" AS "lastname",
      "length",
      "level",
      "location",
      "method",
      "page",
      "sessionId" AS "sessionid",
      "registration",
      "song",
      "status",
      "ts",
      "userAgent" AS "useragent",
      "userId" AS "userid"
    FROM "staging"."app__events (gone)"
    WHERE
      "_load" <= 6 AND "_gone" > 6
  ) AS gone
) AS "events"
  ) as said
  ) as found;

insert into __starlode_ids ("__starlode_number")
select distinct k."__starlode_driving"
  from (
SELECT
  "events"."userid" AS "user_id",
  "events"."__starlode_driving" AS "__starlode_driving"
FROM (
  SELECT
    "artist",
    "auth",
    "firstName" AS "firstname",
    "gender",
    "itemInSession" AS "iteminsession",
    "lastName" AS "lastname",
    "length",
    "level",
    "location",
    "method",
    "page",
    "sessionId" AS "sessionid",
    "registration",
    "song",
    "status",
    "ts",
    "userAgent" AS "useragent",
    "userId" AS "userid",
    ctid AS "__starlode_driving"
  FROM "staging"."app__events"
) AS "events"
  ) as k
 where (cast(k."user_id" as text) collate "C") in (select "user_id" from __starlode_touched)
   and k."__starlode_driving" not in (select "__starlode_number" from __starlode_ids);

create temp table __starlode_in as
select "user_id", "first_name", "last_name", "gender", "level", "registered_at", cast("seen_at" as timestamp) as "__starlode_seen_at"
  from (
select cast("user_id" as text) collate "C" as "user_id",
       cast("first_name" as text) collate "C" as "first_name",
       cast("last_name" as text) collate "C" as "last_name",
       cast("gender" as text) collate "C" as "gender",
       cast("level" as text) collate "C" as "level",
       cast("registered_at" as timestamp) as "registered_at",
       cast("seen_at" as timestamp) as "seen_at"
  from (
SELECT
  "events"."userid" AS "user_id",
  "events"."firstname" AS "first_name",
  "events"."lastname" AS "last_name",
  "events"."gender" AS "gender",
  "events"."level" AS "level",
  (
    CAST('epoch' AS TIMESTAMP) + (
      CAST("events"."registration" AS BIGINT)
    ) * INTERVAL '1 MILLISECOND'
  ) AS "registered_at",
  (
    CAST('epoch' AS TIMESTAMP) + (
      "events"."ts"
    ) * INTERVAL '1 MILLISECOND'
  ) AS "seen_at"
FROM (
  SELECT
    "artist",
    "auth",
    "firstName" AS "firstname",
    "gender",
    "itemInSession" AS "iteminsession",
    "lastName" AS "lastname",
    "length",
    "level",
    "location",
    "method",
    "page",
    "sessionId" AS "sessionid",
    "registration",
    "song",
    "status",
    "ts",
    "userAgent" AS "useragent",
    "userId" AS "userid"
  FROM "staging"."app__events"
  WHERE
    ctid IN (
      SELECT
        "__starlode_number"
      FROM __starlode_ids
    )
) AS "events"
WHERE
  "events"."userid" <> ''
  ) as said ("user_id", "first_name", "last_name", "gender", "level", "registered_at", "seen_at")
  ) as chosen;

create temp table __starlode_chain as
with marked as (
        select "user_id", "level", "__starlode_seen_at" as valid_from,
               last_value("first_name") over life as "first_name",
               last_value("last_name") over life as "last_name",
               last_value("gender") over life as "gender",
               last_value("registered_at") over life as "registered_at",
               row_number() over moments > 1 and "level" is not distinct from lag("level") over moments as "__starlode_is_repeat"
          from __starlode_in
         where "user_id" is not null and "__starlode_seen_at" is not null
        window moments as (partition by "user_id" order by "__starlode_seen_at", "level" nulls first, "first_name" nulls first, "last_name" nulls first, "gender" nulls first, "registered_at" nulls first),
               life as (partition by "user_id" order by "__starlode_seen_at", "level" nulls first, "first_name" nulls first, "last_name" nulls first, "gender" nulls first, "registered_at" nulls first
                        rows between unbounded preceding and unbounded following))
select "user_id", "level", "first_name", "last_name", "gender", "registered_at", valid_from,
       lead(valid_from, 1, timestamp '9999-12-31 00:00:00')
            over (partition by "user_id" order by valid_from) as valid_to
  from marked where not "__starlode_is_repeat";

create temp table __starlode_rows as
with matched as (
        select coalesce(d."user_key", case when row_number() over (partition by c."user_id" order by c.valid_from) = 1 then i."user_key" end) as "__starlode_held_key",
               case when d."user_key" is not null and d."first_name" is not distinct from c."first_name" and d."last_name" is not distinct from c."last_name" and d."gender" is not distinct from c."gender" and d."level" is not distinct from c."level" and d."registered_at" is not distinct from c."registered_at" and d."valid_from" is not distinct from c.valid_from and d."valid_to" is not distinct from c.valid_to and d."is_current" is not distinct from (c.valid_to = timestamp '9999-12-31 00:00:00') then 'same'
                    when d."user_key" is not null then 'update' end as "__starlode_held_change",
               c."user_id", c."first_name" as "first_name", c."last_name" as "last_name", c."gender" as "gender", c."level" as "level", c."registered_at" as "registered_at", c.valid_from as "valid_from", c.valid_to as "valid_to", (c.valid_to = timestamp '9999-12-31 00:00:00') as "is_current"
          from __starlode_chain as c
          left join "star"."dim_user" as d on d."user_id" = c."user_id" and d."valid_from" = c."valid_from" and d."user_key" > 0 and not d.is_inferred
          left join "star"."dim_user" as i on i."user_id" = c."user_id" and i."user_key" > 0 and (i.is_inferred or i.valid_from = timestamp '0001-01-01 00:00:00'))
select coalesce("__starlode_held_key", greatest(coalesce((select max("user_key") from "star"."dim_user"), 0), coalesce((select max(highest) from "starlode"."retired" where object = 'dim_user'), 0), 0)
                          + row_number() over (partition by "__starlode_held_key" is null
                                               order by "user_id", "valid_from")) as "user_key",
       case when "__starlode_held_key" is null then 'insert'
            else coalesce("__starlode_held_change", 'update') end as "__starlode_change",
       "user_id", "first_name", "last_name", "gender", "level", "registered_at", "valid_from", "valid_to", "is_current"
  from matched;

update "star"."dim_user" as d
   set "user_id" = w."user_id",
       "first_name" = w."first_name",
       "last_name" = w."last_name",
       "gender" = w."gender",
       "level" = w."level",
       "registered_at" = w."registered_at",
       "valid_from" = w."valid_from",
       "valid_to" = w."valid_to",
       "is_current" = w."is_current",
       is_inferred = false, load_key = 1
  from __starlode_rows as w
 where w."__starlode_change" = 'update' and w."user_key" = d."user_key";

insert into "star"."dim_user" ("user_key", "user_id", "first_name", "last_name", "gender", "level", "registered_at", "valid_from", "valid_to", "is_current", is_inferred, load_key)
select "user_key", "user_id", "first_name", "last_name", "gender", "level", "registered_at", "valid_from", "valid_to", "is_current", false, 1 from __starlode_rows where "__starlode_change" = 'insert';
