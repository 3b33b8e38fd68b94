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

create table `star`.`fact_songplay` (
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
  `load_key` int64
);

insert into `star`.`fact_songplay` (`time_key`, `user_key`, `song_key`, `artist_key`, `session_id`, `item_in_session`, `played_at`, `user_id`, `song_id`, `artist_id`, `level`, `location`, `user_agent`, `plays`, `seconds`, load_key)
select `time_key`, `user_key`, `song_key`, `artist_key`, `session_id`, `item_in_session`, `played_at`, `user_id`, `song_id`, `artist_id`, `level`, `location`, `user_agent`, `plays`, `seconds`, 1 from (
select coalesce(cast((extract(year from cast(__starlode_f.`played_at` as datetime)) * 10000 + extract(month from cast(__starlode_f.`played_at` as datetime)) * 100 + extract(day from cast(__starlode_f.`played_at` as datetime))) * 100 + extract(hour from cast(__starlode_f.`played_at` as datetime)) as int64), -1) as `time_key`,
       coalesce(__starlode_d1.`user_key`, -1) as `user_key`,
       coalesce(__starlode_d2.`song_key`, -1) as `song_key`,
       coalesce(__starlode_d3.`artist_key`, -1) as `artist_key`,
       __starlode_f.`session_id`, __starlode_f.`item_in_session`, __starlode_f.`played_at`, __starlode_f.`user_id`, __starlode_f.`song_id`, __starlode_f.`artist_id`, __starlode_f.`level`, __starlode_f.`location`, __starlode_f.`user_agent`, __starlode_f.`plays`, __starlode_f.`seconds`
  from __starlode_fact as __starlode_f
  left join (select `user_key`, `user_id`, valid_to,
          case when row_number() over (partition by `user_id` order by valid_from) = 1
               then datetime '0001-01-01 00:00:00' else valid_from end as `__starlode_known_from`
     from `star`.`dim_user` as __starlode_v where __starlode_v.`user_key` > 0) as __starlode_d1
    on __starlode_d1.`user_id` = __starlode_f.`user_id` and least(coalesce(cast(__starlode_f.`played_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') >= __starlode_d1.`__starlode_known_from` and least(coalesce(cast(__starlode_f.`played_at` as datetime), datetime '9999-12-30 23:59:59.999999'), datetime '9999-12-30 23:59:59.999999') < __starlode_d1.valid_to
  left join `star`.`dim_song` as __starlode_d2 on __starlode_d2.`song_id` = __starlode_f.`song_id` and __starlode_d2.`song_key` > 0
  left join `star`.`dim_artist` as __starlode_d3 on __starlode_d3.`artist_id` = __starlode_f.`artist_id` and __starlode_d3.`artist_key` > 0
  ) as __starlode_keyed;
