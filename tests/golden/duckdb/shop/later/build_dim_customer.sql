create table __starlode_ids as
select distinct "__starlode_number" from (
select rowid as "__starlode_number" from "staging"."shop__customers (seen)" where "_load" > 8
  ) as found;

create table __starlode_touched as
select distinct * from (
select cast("customer_id" as VARCHAR) as "customer_id" from (
SELECT
  "customers"."customer_id" AS "customer_id",
  "customers"."__starlode_driving"
FROM (
  SELECT
    "customer_id",
    "city",
    "changed_at",
    rowid AS "__starlode_driving"
  FROM "staging"."shop__customers (seen)"
  WHERE
    rowid IN (
      SELECT
        "__starlode_number"
      FROM __starlode_ids
    )
) AS "customers"
  ) as said
union all
select cast("customer_id" as VARCHAR) as "customer_id" from (
SELECT
  "customers"."customer_id" AS "customer_id",
  "customers"."__starlode_driving"
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
  ) as said
  ) as found;

insert into __starlode_ids ("__starlode_number")
select distinct k."__starlode_driving"
  from (
SELECT
  "customers"."customer_id" AS "customer_id",
  "customers"."__starlode_driving"
FROM (
  SELECT
    "customer_id",
    "city",
    "changed_at",
    rowid AS "__starlode_driving"
  FROM "staging"."shop__customers (seen)"
) AS "customers"
  ) as k
 where (cast(k."customer_id" as VARCHAR)) in (select "customer_id" from __starlode_touched)
   and k."__starlode_driving" not in (select "__starlode_number" from __starlode_ids);

create table __starlode_in as
select "customer_id", "city", cast("changed_at" as TIMESTAMP) as "__starlode_seen_at"
  from (
SELECT
  *
FROM (
  SELECT
    "customer_id",
    "city",
    "changed_at"
  FROM "staging"."shop__customers (seen)"
  WHERE
    rowid IN (
      SELECT
        "__starlode_number"
      FROM __starlode_ids
    )
) AS "customers"
  ) as chosen;

create table __starlode_chain as
with marked as (
        select "customer_id", "city", "__starlode_seen_at" as valid_from,
               row_number() over moments > 1 and "city" is not distinct from lag("city") over moments as "__starlode_is_repeat"
          from __starlode_in
         where "customer_id" is not null and "__starlode_seen_at" is not null
        window moments as (partition by "customer_id" order by "__starlode_seen_at", "city" nulls first),
               life as (partition by "customer_id" order by "__starlode_seen_at", "city" nulls first
                        rows between unbounded preceding and unbounded following))
select "customer_id", "city", valid_from,
       lead(valid_from, 1, timestamp '9999-12-31 00:00:00')
            over (partition by "customer_id" order by valid_from) as valid_to
  from marked where not "__starlode_is_repeat";

create table __starlode_rows as
with matched as (
        select coalesce(d."customer_key", case when row_number() over (partition by c."customer_id" order by c.valid_from) = 1 then i."customer_key" end) as "__starlode_held_key",
               case when d."customer_key" is not null and d."city" is not distinct from c."city" and d."valid_from" is not distinct from c.valid_from and d."valid_to" is not distinct from c.valid_to and d."is_current" is not distinct from (c.valid_to = timestamp '9999-12-31 00:00:00') then 'same'
                    when d."customer_key" is not null then 'update' end as "__starlode_held_change",
               c."customer_id", c."city" as "city", c.valid_from as "valid_from", c.valid_to as "valid_to", (c.valid_to = timestamp '9999-12-31 00:00:00') as "is_current"
          from __starlode_chain as c
          left join "star"."dim_customer" as d on d."customer_id" = c."customer_id" and d."valid_from" = c."valid_from" and d."customer_key" > 0 and not d.is_inferred
          left join "star"."dim_customer" as i on i."customer_id" = c."customer_id" and i."customer_key" > 0 and (i.is_inferred or i.valid_from = timestamp '0001-01-01 00:00:00'))
select coalesce("__starlode_held_key", greatest(coalesce((select max("customer_key") from "star"."dim_customer"), 0), coalesce((select max(highest) from "starlode"."retired" where object = 'dim_customer'), 0), 0)
                          + row_number() over (partition by "__starlode_held_key" is null
                                               order by "customer_id", "valid_from")) as "customer_key",
       case when "__starlode_held_key" is null then 'insert'
            else coalesce("__starlode_held_change", 'update') end as "__starlode_change",
       "customer_id", "city", "valid_from", "valid_to", "is_current"
  from matched;

update "star"."dim_customer" as d
   set "customer_id" = w."customer_id",
       "city" = w."city",
       "valid_from" = w."valid_from",
       "valid_to" = w."valid_to",
       "is_current" = w."is_current",
       is_inferred = false, load_key = 1
  from __starlode_rows as w
 where w."__starlode_change" = 'update' and w."customer_key" = d."customer_key";

insert into "star"."dim_customer" ("customer_key", "customer_id", "city", "valid_from", "valid_to", "is_current", is_inferred, load_key)
select "customer_key", "customer_id", "city", "valid_from", "valid_to", "is_current", false, 1 from __starlode_rows where "__starlode_change" = 'insert';
