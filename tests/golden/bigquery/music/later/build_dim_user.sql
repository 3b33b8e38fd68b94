create temp table __starlode_ids as
select distinct `__starlode_number` from (
select `__starlode_row` as `__starlode_number` from `staging`.`app__events` where `_load` > 6
  ) as __starlode_found;

create temp table __starlode_touched as
select distinct * from (
select cast(`user_id` as string) as `user_id` from (
SELECT
  `events`.`userid` AS `user_id`,
  `events`.`__starlode_driving` AS `__starlode_driving`
FROM (
  SELECT
    `artist`,
    `auth`,
    `firstName` AS `firstname`,
    `gender`,
    `itemInSession` AS `iteminsession`,
    `lastName` AS `lastname`,
    `length`,
    `level`,
    `location`,
    `method`,
    `page`,
    `sessionId` AS `sessionid`,
    `registration`,
    `song`,
    `status`,
    `ts`,
    `userAgent` AS `useragent`,
    `userId` AS `userid`,
    `__starlode_row` AS `__starlode_driving`
  FROM `staging`.`app__events`
  WHERE
    `__starlode_row` IN (
      SELECT
        `__starlode_number`
      FROM __starlode_ids
    )
) AS `events`
  ) as __starlode_said
union all
select cast(`user_id` as string) as `user_id` from (
SELECT
  `events`.`userid` AS `user_id`,
  `events`.`__starlode_driving` AS `__starlode_driving`
FROM (
  SELECT
    *,
    NULL AS `__starlode_driving`
  FROM (
    SELECT
      `artist`,
      `auth`,
      `firstName` AS `firstname`,
      `gender`,
      `itemInSession` AS `iteminsession`,
      `lastName` AS `lastname`,
      `length`,
      `level`,
      `location`,
      `method`,
      `page`,
      `sessionId` AS `sessionid`,
      `registration`,
      `song`,
      `status`,
      `ts`,
      `userAgent` AS `useragent`,
      `userId` AS `userid`
    FROM `staging`.`app__events gone`
    WHERE
      `_load` <= 6 AND `_gone` > 6
  ) AS __starlode_gone
) AS `events`
  ) as __starlode_said
  ) as __starlode_found;

insert into __starlode_ids (`__starlode_number`)
select distinct __starlode_k.`__starlode_driving`
  from (
SELECT
  `events`.`userid` AS `user_id`,
  `events`.`__starlode_driving` AS `__starlode_driving`
FROM (
  SELECT
    `artist`,
    `auth`,
    `firstName` AS `firstname`,
    `gender`,
    `itemInSession` AS `iteminsession`,
    `lastName` AS `lastname`,
    `length`,
    `level`,
    `location`,
    `method`,
    `page`,
    `sessionId` AS `sessionid`,
    `registration`,
    `song`,
    `status`,
    `ts`,
    `userAgent` AS `useragent`,
    `userId` AS `userid`,
    `__starlode_row` AS `__starlode_driving`
  FROM `staging`.`app__events`
) AS `events`
  ) as __starlode_k
 where (cast(__starlode_k.`user_id` as string)) in (select `user_id` from __starlode_touched)
   and __starlode_k.`__starlode_driving` not in (select `__starlode_number` from __starlode_ids);

create temp table __starlode_in as
select `user_id`, `first_name`, `last_name`, `gender`, `level`, `registered_at`, cast(`seen_at` as datetime) as `__starlode_seen_at`
  from (
select cast(`user_id` as string) as `user_id`,
       cast(`first_name` as string) as `first_name`,
       cast(`last_name` as string) as `last_name`,
       cast(`gender` as string) as `gender`,
       cast(`level` as string) as `level`,
       cast(`registered_at` as datetime) as `registered_at`,
       cast(`seen_at` as datetime) as `seen_at`
  from (
SELECT
  `events`.`userid` AS `user_id`,
  `events`.`firstname` AS `first_name`,
  `events`.`lastname` AS `last_name`,
  `events`.`gender` AS `gender`,
  `events`.`level` AS `level`,
  CAST(TIMESTAMP_MILLIS(CAST(`events`.`registration` AS INT64)) AS DATETIME) AS `registered_at`,
  CAST(TIMESTAMP_MILLIS(`events`.`ts`) AS DATETIME) AS `seen_at`
FROM (
  SELECT
    `artist`,
    `auth`,
    `firstName` AS `firstname`,
    `gender`,
    `itemInSession` AS `iteminsession`,
    `lastName` AS `lastname`,
    `length`,
    `level`,
    `location`,
    `method`,
    `page`,
    `sessionId` AS `sessionid`,
    `registration`,
    `song`,
    `status`,
    `ts`,
    `userAgent` AS `useragent`,
    `userId` AS `userid`
  FROM `staging`.`app__events`
  WHERE
    `__starlode_row` IN (
      SELECT
        `__starlode_number`
      FROM __starlode_ids
    )
) AS `events`
WHERE
  `events`.`userid` <> ''
  ) as __starlode_said
  ) as __starlode_chosen;

create temp table __starlode_chain as
with marked as (
        select `user_id`, `level`, `__starlode_seen_at` as valid_from,
               last_value(`first_name`) over (partition by `user_id` order by `__starlode_seen_at`, `level` nulls first, `first_name` nulls first, `last_name` nulls first, `gender` nulls first, `registered_at` nulls first
                       rows between unbounded preceding and unbounded following) as `first_name`,
               last_value(`last_name`) over (partition by `user_id` order by `__starlode_seen_at`, `level` nulls first, `first_name` nulls first, `last_name` nulls first, `gender` nulls first, `registered_at` nulls first
                       rows between unbounded preceding and unbounded following) as `last_name`,
               last_value(`gender`) over (partition by `user_id` order by `__starlode_seen_at`, `level` nulls first, `first_name` nulls first, `last_name` nulls first, `gender` nulls first, `registered_at` nulls first
                       rows between unbounded preceding and unbounded following) as `gender`,
               last_value(`registered_at`) over (partition by `user_id` order by `__starlode_seen_at`, `level` nulls first, `first_name` nulls first, `last_name` nulls first, `gender` nulls first, `registered_at` nulls first
                       rows between unbounded preceding and unbounded following) as `registered_at`,
               row_number() over (partition by `user_id` order by `__starlode_seen_at`, `level` nulls first, `first_name` nulls first, `last_name` nulls first, `gender` nulls first, `registered_at` nulls first) > 1
               and `level` is not distinct from lag(`level`) over (partition by `user_id` order by `__starlode_seen_at`, `level` nulls first, `first_name` nulls first, `last_name` nulls first, `gender` nulls first, `registered_at` nulls first) as `__starlode_is_repeat`
          from __starlode_in
         where `user_id` is not null and `__starlode_seen_at` is not null)
select `user_id`, `level`, `first_name`, `last_name`, `gender`, `registered_at`, valid_from,
       coalesce(lead(valid_from) over (partition by `user_id` order by valid_from), datetime '9999-12-31 00:00:00') as valid_to
  from marked where not `__starlode_is_repeat`;

create temp table __starlode_held as
select * from `star`.`dim_user` as __starlode_d
 where __starlode_d.`user_key` > 0 and (__starlode_d.`user_id`) in (select `user_id` from __starlode_chain);

create temp table __starlode_known as
select * from `starlode`.`dim_user keys` as __starlode_m
 where (__starlode_m.`user_id`) in (select `user_id` from (select __starlode_c.`user_id` from __starlode_chain as __starlode_c
          left join __starlode_held as __starlode_d on __starlode_d.`user_id` = __starlode_c.`user_id` and __starlode_d.`valid_from` = __starlode_c.`valid_from` and not __starlode_d.is_inferred
         where __starlode_d.`user_key` is null) as __starlode_asked);

create temp table __starlode_rows as
with waiting as (
        select __starlode_i.`user_id`, __starlode_i.`user_key`, __starlode_m.`user_key` is null as `__starlode_is_free`
          from __starlode_held as __starlode_i
          left join __starlode_known as __starlode_m on __starlode_m.`user_id` = __starlode_i.`user_id` and __starlode_m.`user_key` = __starlode_i.`user_key`
                and __starlode_m.valid_from > datetime '0001-01-01 00:00:00'
         where __starlode_i.is_inferred or __starlode_i.valid_from = datetime '0001-01-01 00:00:00'),
matched as (
        select __starlode_d.`user_key` as `__starlode_held_key`, __starlode_k.`user_key` as `__starlode_known_key`, __starlode_i.`user_key` as `__starlode_waiting_key`,
               case when __starlode_i.`__starlode_is_free` and row_number() over (partition by __starlode_c.`user_id` order by __starlode_c.valid_from) = 1 then __starlode_i.`user_key` end as `__starlode_taken_key`,
               __starlode_d.`first_name` is not distinct from __starlode_c.`first_name` and __starlode_d.`last_name` is not distinct from __starlode_c.`last_name` and __starlode_d.`gender` is not distinct from __starlode_c.`gender` and __starlode_d.`level` is not distinct from __starlode_c.`level` and __starlode_d.`registered_at` is not distinct from __starlode_c.`registered_at` and __starlode_d.`valid_from` is not distinct from __starlode_c.valid_from and __starlode_d.`valid_to` is not distinct from __starlode_c.valid_to and __starlode_d.`is_current` is not distinct from (__starlode_c.valid_to = datetime '9999-12-31 00:00:00') as `__starlode_is_same`,
               __starlode_c.`user_id`, __starlode_c.`first_name` as `first_name`, __starlode_c.`last_name` as `last_name`, __starlode_c.`gender` as `gender`, __starlode_c.`level` as `level`, __starlode_c.`registered_at` as `registered_at`, __starlode_c.valid_from as `valid_from`, __starlode_c.valid_to as `valid_to`, (__starlode_c.valid_to = datetime '9999-12-31 00:00:00') as `is_current`
          from __starlode_chain as __starlode_c
          left join __starlode_held as __starlode_d on __starlode_d.`user_id` = __starlode_c.`user_id` and __starlode_d.`valid_from` = __starlode_c.`valid_from` and not __starlode_d.is_inferred
          left join __starlode_known as __starlode_k
            on __starlode_k.`user_id` = __starlode_c.`user_id` and __starlode_k.valid_from = case when __starlode_d.`user_key` is null then __starlode_c.valid_from end
          left join waiting as __starlode_i on __starlode_i.`user_id` = __starlode_c.`user_id`),
kept as (
        select *, coalesce(`__starlode_held_key`, `__starlode_known_key`, `__starlode_taken_key`) as `__starlode_kept_key` from matched),
keyed as (
        select *, coalesce(`__starlode_kept_key`, coalesce((select max(`user_key`) from `starlode`.`dim_user keys`), 0)
                    + row_number() over (partition by `__starlode_kept_key` is null
                                         order by `user_id`, `valid_from`)) as `user_key`
          from kept)
select `user_key`,
       case when `__starlode_held_key` is not null and `__starlode_is_same` then 'same'
            when `__starlode_held_key` is not null or `__starlode_kept_key` = `__starlode_waiting_key` then 'update'
            else 'insert' end as `__starlode_change`,
       `__starlode_held_key` is null and `__starlode_known_key` is null as `__starlode_is_new_pair`,
       `user_id`, `first_name`, `last_name`, `gender`, `level`, `registered_at`, `valid_from`, `valid_to`, `is_current`
  from keyed;

insert into `starlode`.`dim_user keys` (`user_id`, `valid_from`, `user_key`)
select `user_id`, valid_from, `user_key`
  from __starlode_rows where `__starlode_is_new_pair`;

create table `starlode`.`dim_user before` (
  `user_key` int64,
  `user_id` string,
  `first_name` string,
  `last_name` string,
  `gender` string,
  `level` string,
  `registered_at` datetime,
  `valid_from` datetime,
  `valid_to` datetime,
  `is_current` bool,
  `is_inferred` bool,
  `load_key` int64,
  `_changed` int64
);

insert into `starlode`.`dim_user before` (`user_key`, `user_id`, `first_name`, `last_name`, `gender`, `level`, `registered_at`, `valid_from`, `valid_to`, `is_current`, `is_inferred`, `load_key`, `_changed`)
select __starlode_d.`user_key`, __starlode_d.`user_id`, __starlode_d.`first_name`, __starlode_d.`last_name`, __starlode_d.`gender`, __starlode_d.`level`, __starlode_d.`registered_at`, __starlode_d.`valid_from`, __starlode_d.`valid_to`, __starlode_d.`is_current`, __starlode_d.`is_inferred`, __starlode_d.`load_key`, 1
  from __starlode_held as __starlode_d
 where (__starlode_d.`user_id`) in (select `user_id` from __starlode_held)
   and __starlode_d.`user_key` in (select __starlode_h.`user_key` from __starlode_held as __starlode_h
                   where not exists (select 1 from __starlode_rows as __starlode_w where __starlode_w.`user_key` = __starlode_h.`user_key` and __starlode_w.`__starlode_change` = 'same'));

delete from `star`.`dim_user` as __starlode_d
 where (__starlode_d.`user_id`) in (select `user_id` from __starlode_held)
   and __starlode_d.`user_key` in (select __starlode_h.`user_key` from __starlode_held as __starlode_h
                   where not exists (select 1 from __starlode_rows as __starlode_w where __starlode_w.`user_key` = __starlode_h.`user_key` and __starlode_w.`__starlode_change` = 'same'));

insert into `star`.`dim_user` (`user_key`, `user_id`, `first_name`, `last_name`, `gender`, `level`, `registered_at`, `valid_from`, `valid_to`, `is_current`, is_inferred, load_key)
select `user_key`, `user_id`, `first_name`, `last_name`, `gender`, `level`, `registered_at`, `valid_from`, `valid_to`, `is_current`, false, 1 from __starlode_rows as __starlode_w where `__starlode_change` <> 'same';
