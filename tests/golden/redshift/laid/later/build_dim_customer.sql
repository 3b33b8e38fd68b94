create temp table __starlode_ids as
select distinct "__starlode_number" from (
select "__starlode_row" as "__starlode_number" from "staging"."shop__customers (seen)" where "_load" > 8
  ) as found;

create temp table __starlode_touched as
select distinct * from (
select cast("customer_id" as varchar(65535)) as "customer_id" from (
SELECT
  "customers"."customer_id" AS "customer_id",
  "customers"."__starlode_driving" AS "__starlode_driving"
FROM (
  SELECT
    "customer_id",
    "city",
    "changed_at",
    "__starlode_row" AS "__starlode_driving"
  FROM "staging"."shop__customers (seen)"
  WHERE
    "__starlode_row" IN (
      SELECT
        "__starlode_number"
      FROM __starlode_ids
    )
) AS "customers"
  ) as said ("customer_id", "__starlode_driving")
union all
select cast("customer_id" as varchar(65535)) as "customer_id" from (
SELECT
  "customers"."customer_id" AS "customer_id",
  "customers"."__starlode_driving" AS "__starlode_driving"
FROM (
  SELECT
    *,
    NULL AS "__starlode_driving"
  FROM (
    SELECT
      "customer_id",
      "city",
      "changed_at"
    FROM "staging"."shop__customers (seen) (gone)"
    WHERE
      "_load" <= 8 AND "_gone" > 8
  ) AS gone
) AS "customers"
  ) as said ("customer_id", "__starlode_driving")
  ) as found;

insert into __starlode_ids ("__starlode_number")
select distinct k."__starlode_driving"
  from (
SELECT
  "customers"."customer_id" AS "customer_id",
  "customers"."__starlode_driving" AS "__starlode_driving"
FROM (
  SELECT
    "customer_id",
    "city",
    "changed_at",
    "__starlode_row" AS "__starlode_driving"
  FROM "staging"."shop__customers (seen)"
) AS "customers"
  ) as k ("customer_id", "__starlode_driving")
 where (cast(k."customer_id" as varchar(65535))) in (select "customer_id" from __starlode_touched)
   and k."__starlode_driving" not in (select "__starlode_number" from __starlode_ids);

create temp table __starlode_in as
select "customer_id", "city", cast("changed_at" as timestamp) as "__starlode_seen_at"
  from (
select cast("customer_id" as varchar(65535)) as "customer_id",
       cast("city" as varchar(65535)) as "city",
       cast("changed_at" as timestamp) as "changed_at"
  from (
SELECT
  "customers"."customer_id" AS "customer_id",
  "customers"."city" AS "city",
  "customers"."changed_at" AS "changed_at"
FROM (
  SELECT
    "customer_id",
    "city",
    "changed_at"
  FROM "staging"."shop__customers (seen)"
  WHERE
    "__starlode_row" IN (
      SELECT
        "__starlode_number"
      FROM __starlode_ids
    )
) AS "customers"
  ) as said ("customer_id", "city", "changed_at")
  ) as chosen;

create temp table __starlode_chain as
with marked as (
        select "customer_id", "city", "__starlode_seen_at" as valid_from,
               row_number() over (partition by "customer_id" order by "__starlode_seen_at", "city" nulls first) > 1
               and coalesce("city" = lag("city") over (partition by "customer_id" order by "__starlode_seen_at", "city" nulls first), "city" is null and lag("city") over (partition by "customer_id" order by "__starlode_seen_at", "city" nulls first) is null) as "__starlode_is_repeat"
          from __starlode_in
         where "customer_id" is not null and "__starlode_seen_at" is not null)
select "customer_id", "city", valid_from,
       coalesce(lead(valid_from) over (partition by "customer_id" order by valid_from), timestamp '9999-12-31 00:00:00') as valid_to
  from marked where not "__starlode_is_repeat";

create temp table __starlode_held as
select * from "star"."dim_customer" as d
 where d."customer_key" > 0 and (d."customer_id") in (select "customer_id" from __starlode_chain);

create temp table __starlode_known as
select * from "starlode"."dim_customer (keys)" as m
 where (m."customer_id") in (select "customer_id" from (select c."customer_id" from __starlode_chain as c
          left join __starlode_held as d on d."customer_id" = c."customer_id" and d."valid_from" = c."valid_from" and not d.is_inferred
         where d."customer_key" is null) as asked);

create temp table __starlode_rows as
with waiting as (
        select i."customer_id", i."customer_key", m."customer_key" is null as "__starlode_is_free"
          from __starlode_held as i
          left join __starlode_known as m on m."customer_id" = i."customer_id" and m."customer_key" = i."customer_key"
                and m.valid_from > timestamp '0001-01-01 00:00:00'
         where i.is_inferred or i.valid_from = timestamp '0001-01-01 00:00:00'),
matched as (
        select d."customer_key" as "__starlode_held_key", k."customer_key" as "__starlode_known_key", i."customer_key" as "__starlode_waiting_key",
               case when i."__starlode_is_free" and row_number() over (partition by c."customer_id" order by c.valid_from) = 1 then i."customer_key" end as "__starlode_taken_key",
               coalesce(d."city" = c."city", d."city" is null and c."city" is null) and coalesce(d."valid_from" = c.valid_from, d."valid_from" is null and c.valid_from is null) and coalesce(d."valid_to" = c.valid_to, d."valid_to" is null and c.valid_to is null) and coalesce(d."is_current" = (c.valid_to = timestamp '9999-12-31 00:00:00'), d."is_current" is null and (c.valid_to = timestamp '9999-12-31 00:00:00') is null) as "__starlode_is_same",
               c."customer_id", c."city" as "city", c.valid_from as "valid_from", c.valid_to as "valid_to", (c.valid_to = timestamp '9999-12-31 00:00:00') as "is_current"
          from __starlode_chain as c
          left join __starlode_held as d on d."customer_id" = c."customer_id" and d."valid_from" = c."valid_from" and not d.is_inferred
          left join __starlode_known as k
            on k."customer_id" = c."customer_id" and k.valid_from = case when d."customer_key" is null then c.valid_from end
          left join waiting as i on i."customer_id" = c."customer_id"),
kept as (
        select *, coalesce("__starlode_held_key", "__starlode_known_key", "__starlode_taken_key") as "__starlode_kept_key" from matched),
keyed as (
        select *, coalesce("__starlode_kept_key", coalesce((select max("customer_key") from "starlode"."dim_customer (keys)"), 0)
                    + row_number() over (partition by "__starlode_kept_key" is null
                                         order by "customer_id", "valid_from")) as "customer_key"
          from kept)
select "customer_key",
       case when "__starlode_held_key" is not null and "__starlode_is_same" then 'same'
            when "__starlode_held_key" is not null or "__starlode_kept_key" = "__starlode_waiting_key" then 'update'
            else 'insert' end as "__starlode_change",
       "__starlode_held_key" is null and "__starlode_known_key" is null as "__starlode_is_new_pair",
       "customer_id", "city", "valid_from", "valid_to", "is_current"
  from keyed;

insert into "starlode"."dim_customer (keys)" ("customer_id", "valid_from", "customer_key")
select "customer_id", valid_from, "customer_key"
  from __starlode_rows where "__starlode_is_new_pair";

create table "starlode"."dim_customer (before)" (
  "customer_key" bigint,
  "customer_id" varchar(65535),
  "city" varchar(65535),
  "valid_from" timestamp,
  "valid_to" timestamp,
  "is_current" boolean,
  "is_inferred" boolean,
  "load_key" bigint,
  "_changed" bigint
);

insert into "starlode"."dim_customer (before)" ("customer_key", "customer_id", "city", "valid_from", "valid_to", "is_current", "is_inferred", "load_key", "_changed")
select d."customer_key", d."customer_id", d."city", d."valid_from", d."valid_to", d."is_current", d."is_inferred", d."load_key", 1
  from __starlode_held as d
 where (d."customer_id") in (select "customer_id" from __starlode_held)
   and d."customer_key" in (select h."customer_key" from __starlode_held as h
                   where not exists (select 1 from __starlode_rows as w where w."customer_key" = h."customer_key" and w."__starlode_change" = 'same'));

delete from "star"."dim_customer"
 where ("dim_customer"."customer_id") in (select "customer_id" from __starlode_held)
   and "dim_customer"."customer_key" in (select h."customer_key" from __starlode_held as h
                   where not exists (select 1 from __starlode_rows as w where w."customer_key" = h."customer_key" and w."__starlode_change" = 'same'));

insert into "star"."dim_customer" ("customer_key", "customer_id", "city", "valid_from", "valid_to", "is_current", is_inferred, load_key)
select "customer_key", "customer_id", "city", "valid_from", "valid_to", "is_current", false, 1 from __starlode_rows as w where "__starlode_change" <> 'same';
