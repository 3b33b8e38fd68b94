create temp table __starlode_ids as
select distinct `__starlode_number` from (
select `__starlode_row` as `__starlode_number` from `staging`.`app__events` where `_load` > 9
  ) as __starlode_found;

create temp table __starlode_touched as
select distinct * from (
select cast(`session_id` as int64) as `session_id`, cast(`item_in_session` as int64) as `item_in_session` from (
SELECT
  `e`.`sessionid` AS `session_id`,
  `e`.`iteminsession` AS `item_in_session`,
  `e`.`__starlode_driving` AS `__starlode_driving`
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
) AS `e`
  ) as __starlode_said
union all
select cast(`session_id` as int64) as `session_id`, cast(`item_in_session` as int64) as `item_in_session` from (
SELECT
  `e`.`sessionid` AS `session_id`,
  `e`.`iteminsession` AS `item_in_session`,
  `e`.`__starlode_driving` AS `__starlode_driving`
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
      `_load` <= 9 AND `_gone` > 9
  ) AS __starlode_gone
) AS `e`
  ) as __starlode_said
  ) as __starlode_found;

insert into __starlode_ids (`__starlode_number`)
select distinct __starlode_k.`__starlode_driving`
  from (
SELECT
  `e`.`sessionid` AS `session_id`,
  `e`.`iteminsession` AS `item_in_session`,
  `e`.`__starlode_driving` AS `__starlode_driving`
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
) AS `e`
  ) as __starlode_k
 where (cast(__starlode_k.`session_id` as int64), cast(__starlode_k.`item_in_session` as int64)) in (select (`session_id`, `item_in_session`) from __starlode_touched)
   and __starlode_k.`__starlode_driving` not in (select `__starlode_number` from __starlode_ids);

create temp table __starlode_fact as
select cast(`session_id` as int64) as `session_id`,
       cast(`item_in_session` as int64) as `item_in_session`,
       cast(`played_at` as datetime) as `played_at`,
       cast(`user_id` as string) as `user_id`,
       cast(`song_id` as string) as `song_id`,
       cast(`artist_id` as string) as `artist_id`,
       cast(`level` as string) as `level`,
       cast(`location` as string) as `location`,
       cast(`user_agent` as string) as `user_agent`,
       cast(`plays` as int64) as `plays`,
       cast(`seconds` as numeric(18,5)) as `seconds`,
       `__starlode_driving`
  from (
SELECT
  `e`.`sessionid` AS `session_id`,
  `e`.`iteminsession` AS `item_in_session`,
  CAST(TIMESTAMP_MILLIS(`e`.`ts`) AS DATETIME) AS `played_at`,
  `e`.`userid` AS `user_id`,
  `s`.`song_id` AS `song_id`,
  `s`.`artist_id` AS `artist_id`,
  `e`.`level` AS `level`,
  `e`.`location` AS `location`,
  `e`.`useragent` AS `user_agent`,
  1 AS `plays`,
  `e`.`length` AS `seconds`,
  `e`.`__starlode_driving` AS `__starlode_driving`
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
) AS `e`
LEFT JOIN (
  SELECT
    `num_songs`,
    `artist_id`,
    `artist_location`,
    `artist_name`,
    `song_id`,
    `title`,
    `duration`,
    `year`,
    `artist_latitude`,
    `artist_longitude`
  FROM `staging`.`app__songs`
) AS `s`
  ON `s`.`title` = `e`.`song`
  AND `s`.`artist_name` = `e`.`artist`
  AND `s`.`duration` = `e`.`length`
WHERE
  `e`.`page` = 'NextSong'
  ) as __starlode_said;

create temp table __starlode_keyed as
select coalesce(cast((extract(year from cast(__starlode_f.`played_at` as datetime)) * 10000 + extract(month from cast(__starlode_f.`played_at` as datetime)) * 100 + extract(day from cast(__starlode_f.`played_at` as datetime))) * 100 + extract(hour from cast(__starlode_f.`played_at` as datetime)) as int64), -1) as `time_key`,
       coalesce(__starlode_d1.`user_key`, -1) as `user_key`,
       coalesce(__starlode_d2.`song_key`, -1) as `song_key`,
       coalesce(__starlode_d3.`artist_key`, -1) as `artist_key`,
       __starlode_f.`session_id`, __starlode_f.`item_in_session`, __starlode_f.`played_at`, __starlode_f.`user_id`, __starlode_f.`song_id`, __starlode_f.`artist_id`, __starlode_f.`level`, __starlode_f.`location`, __starlode_f.`user_agent`, __starlode_f.`plays`, __starlode_f.`seconds`
  from __starlode_fact as __starlode_f
  left join (select `user_key`, `user_id`, valid_to,
          case when row_number() over (partition by `user_id` order by valid_from) = 1
               then datetime '0001-01-01 00:00:00' else valid_from end as `__starlode_known_from`
     from `star`.`dim_user` as __starlode_v where __starlode_v.`user_key` > 0
      and (__starlode_v.`user_id`) in (select `user_id` from __starlode_fact)) as __starlode_d1
    on __starlode_d1.`user_id` = __starlode_f.`user_id` and least(coalesce(cast(__starlode_f.`played_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') >= __starlode_d1.`__starlode_known_from` and least(coalesce(cast(__starlode_f.`played_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') < __starlode_d1.valid_to
  left join `star`.`dim_song` as __starlode_d2 on __starlode_d2.`song_id` = __starlode_f.`song_id` and __starlode_d2.`song_key` > 0
  left join `star`.`dim_artist` as __starlode_d3 on __starlode_d3.`artist_id` = __starlode_f.`artist_id` and __starlode_d3.`artist_key` > 0;

create temp table __starlode_held as
select __starlode_f.* from `star`.`fact_songplay` as __starlode_f
 where (__starlode_f.`session_id`, __starlode_f.`item_in_session`) in (select (`session_id`, `item_in_session`) from __starlode_touched);

create temp table __starlode_changes as
select __starlode_w.`session_id`, __starlode_w.`item_in_session`,
       case when __starlode_f.load_key is null then 'insert'
            when __starlode_f.`time_key` is not distinct from __starlode_w.`time_key` and __starlode_f.`user_key` is not distinct from __starlode_w.`user_key` and __starlode_f.`song_key` is not distinct from __starlode_w.`song_key` and __starlode_f.`artist_key` is not distinct from __starlode_w.`artist_key` and __starlode_f.`session_id` is not distinct from __starlode_w.`session_id` and __starlode_f.`item_in_session` is not distinct from __starlode_w.`item_in_session` and __starlode_f.`played_at` is not distinct from __starlode_w.`played_at` and __starlode_f.`user_id` is not distinct from __starlode_w.`user_id` and __starlode_f.`song_id` is not distinct from __starlode_w.`song_id` and __starlode_f.`artist_id` is not distinct from __starlode_w.`artist_id` and __starlode_f.`level` is not distinct from __starlode_w.`level` and __starlode_f.`location` is not distinct from __starlode_w.`location` and __starlode_f.`user_agent` is not distinct from __starlode_w.`user_agent` and __starlode_f.`plays` is not distinct from __starlode_w.`plays` and __starlode_f.`seconds` is not distinct from __starlode_w.`seconds` then 'same' else 'update' end as `__starlode_change`
  from __starlode_keyed as __starlode_w left join __starlode_held as __starlode_f on __starlode_f.`session_id` = __starlode_w.`session_id` and __starlode_f.`item_in_session` = __starlode_w.`item_in_session`
union all
select __starlode_f.`session_id`, __starlode_f.`item_in_session`, 'delete'
  from __starlode_held as __starlode_f
 where not exists (select 1 from __starlode_keyed as __starlode_w where __starlode_f.`session_id` = __starlode_w.`session_id` and __starlode_f.`item_in_session` = __starlode_w.`item_in_session`);

create table `starlode`.`fact_songplay before` (
  `time_key` int64,
  `user_key` int64,
  `song_key` int64,
  `artist_key` int64,
  `session_id` int64,
  `item_in_session` int64,
  `played_at` datetime,
  `user_id` string,
  `song_id` string,
  `artist_id` string,
  `level` string,
  `location` string,
  `user_agent` string,
  `plays` int64,
  `seconds` numeric(18,5),
  `load_key` int64,
  `_changed` int64
);

insert into `starlode`.`fact_songplay before` (`time_key`, `user_key`, `song_key`, `artist_key`, `session_id`, `item_in_session`, `played_at`, `user_id`, `song_id`, `artist_id`, `level`, `location`, `user_agent`, `plays`, `seconds`, `load_key`, `_changed`)
select __starlode_f.`time_key`, __starlode_f.`user_key`, __starlode_f.`song_key`, __starlode_f.`artist_key`, __starlode_f.`session_id`, __starlode_f.`item_in_session`, __starlode_f.`played_at`, __starlode_f.`user_id`, __starlode_f.`song_id`, __starlode_f.`artist_id`, __starlode_f.`level`, __starlode_f.`location`, __starlode_f.`user_agent`, __starlode_f.`plays`, __starlode_f.`seconds`, __starlode_f.`load_key`, 1
  from __starlode_held as __starlode_f
 where (__starlode_f.`session_id`, __starlode_f.`item_in_session`) in (select (`session_id`, `item_in_session`) from __starlode_changes where `__starlode_change` in ('update', 'delete'));

delete from `star`.`fact_songplay` as __starlode_f
 where (__starlode_f.`session_id`, __starlode_f.`item_in_session`) in (select (`session_id`, `item_in_session`) from __starlode_changes where `__starlode_change` in ('update', 'delete'));

insert into `star`.`fact_songplay` (`time_key`, `user_key`, `song_key`, `artist_key`, `session_id`, `item_in_session`, `played_at`, `user_id`, `song_id`, `artist_id`, `level`, `location`, `user_agent`, `plays`, `seconds`, load_key)
select __starlode_w.`time_key`, __starlode_w.`user_key`, __starlode_w.`song_key`, __starlode_w.`artist_key`, __starlode_w.`session_id`, __starlode_w.`item_in_session`, __starlode_w.`played_at`, __starlode_w.`user_id`, __starlode_w.`song_id`, __starlode_w.`artist_id`, __starlode_w.`level`, __starlode_w.`location`, __starlode_w.`user_agent`, __starlode_w.`plays`, __starlode_w.`seconds`, 1
  from __starlode_keyed as __starlode_w join __starlode_changes as __starlode_c on __starlode_c.`session_id` = __starlode_w.`session_id` and __starlode_c.`item_in_session` = __starlode_w.`item_in_session` and __starlode_c.`__starlode_change` <> 'same';

create temp table __starlode_members as
select distinct `user_id`
  from `star`.`dim_user`
 where load_key > 9 and `user_key` > 0;

create temp table __starlode_pointed as
select __starlode_f.`session_id`, __starlode_f.`item_in_session`, __starlode_f.`user_id`, __starlode_f.`played_at`, __starlode_f.`user_key`
  from `star`.`fact_songplay` as __starlode_f
 where (__starlode_f.`user_id`) in (select `user_id` from __starlode_members);

create temp table __starlode_points as
select `session_id`, `item_in_session`, `user_key`
  from (select __starlode_f.`session_id`, __starlode_f.`item_in_session`, coalesce(__starlode_d1.`user_key`, -1) as `user_key`,
               __starlode_f.`user_key` as `__starlode_before0`
          from __starlode_pointed as __starlode_f
          left join (select `user_key`, `user_id`, valid_to,
          case when row_number() over (partition by `user_id` order by valid_from) = 1
               then datetime '0001-01-01 00:00:00' else valid_from end as `__starlode_known_from`
     from `star`.`dim_user` as __starlode_v where __starlode_v.`user_key` > 0
      and (__starlode_v.`user_id`) in (select `user_id` from __starlode_pointed)) as __starlode_d1
    on __starlode_d1.`user_id` = __starlode_f.`user_id` and least(coalesce(cast(__starlode_f.`played_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') >= __starlode_d1.`__starlode_known_from` and least(coalesce(cast(__starlode_f.`played_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') < __starlode_d1.valid_to) as __starlode_found
 where `user_key` <> `__starlode_before0`;

create temp table __starlode_moved as
select __starlode_f.* from `star`.`fact_songplay` as __starlode_f
 where (__starlode_f.`session_id`, __starlode_f.`item_in_session`) in (select (`session_id`, `item_in_session`) from __starlode_points);

insert into `starlode`.`fact_songplay before` (`time_key`, `user_key`, `song_key`, `artist_key`, `session_id`, `item_in_session`, `played_at`, `user_id`, `song_id`, `artist_id`, `level`, `location`, `user_agent`, `plays`, `seconds`, `load_key`, `_changed`)
select __starlode_f.`time_key`, __starlode_f.`user_key`, __starlode_f.`song_key`, __starlode_f.`artist_key`, __starlode_f.`session_id`, __starlode_f.`item_in_session`, __starlode_f.`played_at`, __starlode_f.`user_id`, __starlode_f.`song_id`, __starlode_f.`artist_id`, __starlode_f.`level`, __starlode_f.`location`, __starlode_f.`user_agent`, __starlode_f.`plays`, __starlode_f.`seconds`, __starlode_f.`load_key`, 1
  from __starlode_moved as __starlode_f
 where true;

delete from `star`.`fact_songplay` as __starlode_f
 where (__starlode_f.`session_id`, __starlode_f.`item_in_session`) in (select (`session_id`, `item_in_session`) from __starlode_points);

insert into `star`.`fact_songplay` (`time_key`, `user_key`, `song_key`, `artist_key`, `session_id`, `item_in_session`, `played_at`, `user_id`, `song_id`, `artist_id`, `level`, `location`, `user_agent`, `plays`, `seconds`, load_key)
select __starlode_f.`time_key`, __starlode_p.`user_key`, __starlode_f.`song_key`, __starlode_f.`artist_key`, __starlode_f.`session_id`, __starlode_f.`item_in_session`, __starlode_f.`played_at`, __starlode_f.`user_id`, __starlode_f.`song_id`, __starlode_f.`artist_id`, __starlode_f.`level`, __starlode_f.`location`, __starlode_f.`user_agent`, __starlode_f.`plays`, __starlode_f.`seconds`, 1
  from __starlode_moved as __starlode_f join __starlode_points as __starlode_p on __starlode_p.`session_id` = __starlode_f.`session_id` and __starlode_p.`item_in_session` = __starlode_f.`item_in_session`;
