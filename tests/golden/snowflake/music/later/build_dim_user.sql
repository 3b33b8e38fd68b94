create or replace transient table __starlode_ids as
select distinct "__STARLODE_NUMBER" from (
select "__STARLODE_ROW" as "__STARLODE_NUMBER" from "STAGING"."APP__EVENTS" where "_LOAD" > 6
  ) as found;

create or replace transient table __starlode_touched as
select distinct * from (
select cast("USER_ID" as varchar) as "USER_ID" from (
SELECT
  "EVENTS"."USERID" AS "USER_ID",
  "EVENTS"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
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
    "userId" AS "USERID",
    "__STARLODE_ROW" AS "__STARLODE_DRIVING"
  FROM "STAGING"."APP__EVENTS"
  WHERE
    "__STARLODE_ROW" IN (
      SELECT
        "__STARLODE_NUMBER"
      FROM __starlode_ids
    )
) AS "EVENTS"
  ) as said ("USER_ID", "__STARLODE_DRIVING")
union all
select cast("USER_ID" as varchar) as "USER_ID" from (
SELECT
  "EVENTS"."USERID" AS "USER_ID",
  "EVENTS"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
FROM (
  SELECT
    *,
    NULL AS "__STARLODE_DRIVING"
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
    FROM "STAGING"."APP__EVENTS (GONE)"
    WHERE
      "_LOAD" <= 6 AND "_GONE" > 6
  ) AS gone
) AS "EVENTS"
  ) as said ("USER_ID", "__STARLODE_DRIVING")
  ) as found;

insert into __starlode_ids ("__STARLODE_NUMBER")
select distinct k."__STARLODE_DRIVING"
  from (
SELECT
  "EVENTS"."USERID" AS "USER_ID",
  "EVENTS"."__STARLODE_DRIVING" AS "__STARLODE_DRIVING"
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
    "userId" AS "USERID",
    "__STARLODE_ROW" AS "__STARLODE_DRIVING"
  FROM "STAGING"."APP__EVENTS"
) AS "EVENTS"
  ) as k ("USER_ID", "__STARLODE_DRIVING")
 where (cast(k."USER_ID" as varchar)) in (select "USER_ID" from __starlode_touched)
   and k."__STARLODE_DRIVING" not in (select "__STARLODE_NUMBER" from __starlode_ids);

create or replace transient table __starlode_in as
select "USER_ID", "FIRST_NAME", "LAST_NAME", "GENDER", "LEVEL", "REGISTERED_AT", cast("SEEN_AT" as timestamp_ntz(6)) as "__STARLODE_SEEN_AT"
  from (
select cast("USER_ID" as varchar) as "USER_ID",
       cast("FIRST_NAME" as varchar) as "FIRST_NAME",
       cast("LAST_NAME" as varchar) as "LAST_NAME",
       cast("GENDER" as varchar) as "GENDER",
       cast("LEVEL" as varchar) as "LEVEL",
       cast("REGISTERED_AT" as timestamp_ntz(6)) as "REGISTERED_AT",
       cast("SEEN_AT" as timestamp_ntz(6)) as "SEEN_AT"
  from (
SELECT
  "EVENTS"."USERID" AS "USER_ID",
  "EVENTS"."FIRSTNAME" AS "FIRST_NAME",
  "EVENTS"."LASTNAME" AS "LAST_NAME",
  "EVENTS"."GENDER" AS "GENDER",
  "EVENTS"."LEVEL" AS "LEVEL",
  (
    TO_TIMESTAMP(CAST("EVENTS"."REGISTRATION" AS BIGINT), 3)
  ) AS "REGISTERED_AT",
  (
    TO_TIMESTAMP("EVENTS"."TS", 3)
  ) AS "SEEN_AT"
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
  WHERE
    "__STARLODE_ROW" IN (
      SELECT
        "__STARLODE_NUMBER"
      FROM __starlode_ids
    )
) AS "EVENTS"
WHERE
  "EVENTS"."USERID" <> ''
  ) as said ("USER_ID", "FIRST_NAME", "LAST_NAME", "GENDER", "LEVEL", "REGISTERED_AT", "SEEN_AT")
  ) as chosen;

create or replace transient table __starlode_chain as
with marked as (
        select "USER_ID", "LEVEL", "__STARLODE_SEEN_AT" as valid_from,
               last_value("FIRST_NAME") over (partition by "USER_ID" order by "__STARLODE_SEEN_AT", "LEVEL" nulls first, "FIRST_NAME" nulls first, "LAST_NAME" nulls first, "GENDER" nulls first, "REGISTERED_AT" nulls first
                       rows between unbounded preceding and unbounded following) as "FIRST_NAME",
               last_value("LAST_NAME") over (partition by "USER_ID" order by "__STARLODE_SEEN_AT", "LEVEL" nulls first, "FIRST_NAME" nulls first, "LAST_NAME" nulls first, "GENDER" nulls first, "REGISTERED_AT" nulls first
                       rows between unbounded preceding and unbounded following) as "LAST_NAME",
               last_value("GENDER") over (partition by "USER_ID" order by "__STARLODE_SEEN_AT", "LEVEL" nulls first, "FIRST_NAME" nulls first, "LAST_NAME" nulls first, "GENDER" nulls first, "REGISTERED_AT" nulls first
                       rows between unbounded preceding and unbounded following) as "GENDER",
               last_value("REGISTERED_AT") over (partition by "USER_ID" order by "__STARLODE_SEEN_AT", "LEVEL" nulls first, "FIRST_NAME" nulls first, "LAST_NAME" nulls first, "GENDER" nulls first, "REGISTERED_AT" nulls first
                       rows between unbounded preceding and unbounded following) as "REGISTERED_AT",
               row_number() over (partition by "USER_ID" order by "__STARLODE_SEEN_AT", "LEVEL" nulls first, "FIRST_NAME" nulls first, "LAST_NAME" nulls first, "GENDER" nulls first, "REGISTERED_AT" nulls first) > 1
               and "LEVEL" is not distinct from lag("LEVEL") over (partition by "USER_ID" order by "__STARLODE_SEEN_AT", "LEVEL" nulls first, "FIRST_NAME" nulls first, "LAST_NAME" nulls first, "GENDER" nulls first, "REGISTERED_AT" nulls first) as "__STARLODE_IS_REPEAT"
          from __starlode_in
         where "USER_ID" is not null and "__STARLODE_SEEN_AT" is not null)
select "USER_ID", "LEVEL", "FIRST_NAME", "LAST_NAME", "GENDER", "REGISTERED_AT", valid_from,
       coalesce(lead(valid_from) over (partition by "USER_ID" order by valid_from), timestamp '9999-12-31 00:00:00') as valid_to
  from marked where not "__STARLODE_IS_REPEAT";

create or replace transient table __starlode_held as
select * from "STAR"."DIM_USER" as d
 where d."USER_KEY" > 0 and (d."USER_ID") in (select "USER_ID" from __starlode_chain);

create or replace transient table __starlode_known as
select * from "STARLODE"."DIM_USER (KEYS)" as m
 where (m."USER_ID") in (select "USER_ID" from (select c."USER_ID" from __starlode_chain as c
          left join __starlode_held as d on d."USER_ID" = c."USER_ID" and d."VALID_FROM" = c."VALID_FROM" and not d.is_inferred
         where d."USER_KEY" is null) as asked);

create or replace transient table __starlode_rows as
with waiting as (
        select i."USER_ID", i."USER_KEY", m."USER_KEY" is null as "__STARLODE_IS_FREE"
          from __starlode_held as i
          left join __starlode_known as m on m."USER_ID" = i."USER_ID" and m."USER_KEY" = i."USER_KEY"
                and m.valid_from > timestamp '0001-01-01 00:00:00'
         where i.is_inferred or i.valid_from = timestamp '0001-01-01 00:00:00'),
matched as (
        select d."USER_KEY" as "__STARLODE_HELD_KEY", k."USER_KEY" as "__STARLODE_KNOWN_KEY", i."USER_KEY" as "__STARLODE_WAITING_KEY",
               case when i."__STARLODE_IS_FREE" and row_number() over (partition by c."USER_ID" order by c.valid_from) = 1 then i."USER_KEY" end as "__STARLODE_TAKEN_KEY",
               d."FIRST_NAME" is not distinct from c."FIRST_NAME" and d."LAST_NAME" is not distinct from c."LAST_NAME" and d."GENDER" is not distinct from c."GENDER" and d."LEVEL" is not distinct from c."LEVEL" and d."REGISTERED_AT" is not distinct from c."REGISTERED_AT" and d."VALID_FROM" is not distinct from c.valid_from and d."VALID_TO" is not distinct from c.valid_to and d."IS_CURRENT" is not distinct from (c.valid_to = timestamp '9999-12-31 00:00:00') as "__STARLODE_IS_SAME",
               c."USER_ID", c."FIRST_NAME" as "FIRST_NAME", c."LAST_NAME" as "LAST_NAME", c."GENDER" as "GENDER", c."LEVEL" as "LEVEL", c."REGISTERED_AT" as "REGISTERED_AT", c.valid_from as "VALID_FROM", c.valid_to as "VALID_TO", (c.valid_to = timestamp '9999-12-31 00:00:00') as "IS_CURRENT"
          from __starlode_chain as c
          left join __starlode_held as d on d."USER_ID" = c."USER_ID" and d."VALID_FROM" = c."VALID_FROM" and not d.is_inferred
          left join __starlode_known as k
            on k."USER_ID" = c."USER_ID" and k.valid_from = case when d."USER_KEY" is null then c.valid_from end
          left join waiting as i on i."USER_ID" = c."USER_ID"),
kept as (
        select *, coalesce("__STARLODE_HELD_KEY", "__STARLODE_KNOWN_KEY", "__STARLODE_TAKEN_KEY") as "__STARLODE_KEPT_KEY" from matched),
keyed as (
        select *, coalesce("__STARLODE_KEPT_KEY", coalesce((select max("USER_KEY") from "STARLODE"."DIM_USER (KEYS)"), 0)
                    + row_number() over (partition by "__STARLODE_KEPT_KEY" is null
                                         order by "USER_ID", "VALID_FROM")) as "USER_KEY"
          from kept)
select "USER_KEY",
       case when "__STARLODE_HELD_KEY" is not null and "__STARLODE_IS_SAME" then 'same'
            when "__STARLODE_HELD_KEY" is not null or "__STARLODE_KEPT_KEY" = "__STARLODE_WAITING_KEY" then 'update'
            else 'insert' end as "__STARLODE_CHANGE",
       "__STARLODE_HELD_KEY" is null and "__STARLODE_KNOWN_KEY" is null as "__STARLODE_IS_NEW_PAIR",
       "USER_ID", "FIRST_NAME", "LAST_NAME", "GENDER", "LEVEL", "REGISTERED_AT", "VALID_FROM", "VALID_TO", "IS_CURRENT"
  from keyed;

insert into "STARLODE"."DIM_USER (KEYS)" ("USER_ID", "VALID_FROM", "USER_KEY")
select "USER_ID", valid_from, "USER_KEY"
  from __starlode_rows where "__STARLODE_IS_NEW_PAIR";

create table "STARLODE"."DIM_USER (BEFORE)" (
  "USER_KEY" number(19,0),
  "USER_ID" varchar,
  "FIRST_NAME" varchar,
  "LAST_NAME" varchar,
  "GENDER" varchar,
  "LEVEL" varchar,
  "REGISTERED_AT" timestamp_ntz(6),
  "VALID_FROM" timestamp_ntz(6),
  "VALID_TO" timestamp_ntz(6),
  "IS_CURRENT" boolean,
  "IS_INFERRED" boolean,
  "LOAD_KEY" number(19,0),
  "_CHANGED" number(19,0)
);

insert into "STARLODE"."DIM_USER (BEFORE)" ("USER_KEY", "USER_ID", "FIRST_NAME", "LAST_NAME", "GENDER", "LEVEL", "REGISTERED_AT", "VALID_FROM", "VALID_TO", "IS_CURRENT", "IS_INFERRED", "LOAD_KEY", "_CHANGED")
select d."USER_KEY", d."USER_ID", d."FIRST_NAME", d."LAST_NAME", d."GENDER", d."LEVEL", d."REGISTERED_AT", d."VALID_FROM", d."VALID_TO", d."IS_CURRENT", d."IS_INFERRED", d."LOAD_KEY", 1
  from __starlode_held as d
 where (d."USER_ID") in (select "USER_ID" from __starlode_held)
   and d."USER_KEY" in (select h."USER_KEY" from __starlode_held as h
                   where not exists (select 1 from __starlode_rows as w where w."USER_KEY" = h."USER_KEY" and w."__STARLODE_CHANGE" = 'same'));

delete from "STAR"."DIM_USER" as d
 where (d."USER_ID") in (select "USER_ID" from __starlode_held)
   and d."USER_KEY" in (select h."USER_KEY" from __starlode_held as h
                   where not exists (select 1 from __starlode_rows as w where w."USER_KEY" = h."USER_KEY" and w."__STARLODE_CHANGE" = 'same'));

insert into "STAR"."DIM_USER" ("USER_KEY", "USER_ID", "FIRST_NAME", "LAST_NAME", "GENDER", "LEVEL", "REGISTERED_AT", "VALID_FROM", "VALID_TO", "IS_CURRENT", is_inferred, load_key)
select "USER_KEY", "USER_ID", "FIRST_NAME", "LAST_NAME", "GENDER", "LEVEL", "REGISTERED_AT", "VALID_FROM", "VALID_TO", "IS_CURRENT", false, 1 from __starlode_rows as w where "__STARLODE_CHANGE" <> 'same';
