select count(*) from (select `time_key` from `star`.`dim_time` where (`time_key`) in (select `time_key` from `star`.`dim_time` where load_key > 10)
  group by `time_key` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`dim_time` where load_key > 10 and (`time_key` is null);

select count(*) from (select `user_key` from `star`.`dim_user` where (`user_key`) in (select `user_key` from `star`.`dim_user` where load_key > 10)
  group by `user_key` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`dim_user` where load_key > 10 and (`user_key` is null);

select count(*) from (
  select *, lead(valid_from) over (partition by `user_id` order by valid_from) as next_from
    from `star`.`dim_user` where `user_key` >= 0 and not is_inferred and (`user_id`) in (select `user_id` from `star`.`dim_user` where load_key > 10)) as __starlode_m
 where valid_from >= valid_to
    or (coalesce(next_from, datetime '9999-12-31 00:00:00') <> valid_to)
    or is_current <> (valid_to = datetime '9999-12-31 00:00:00');

select count(*) from (select `user_id` from `star`.`dim_user` where `user_key` >= 0 and (`user_id`) in (select `user_id` from `star`.`dim_user` where load_key > 10) and is_current
  group by `user_id` having count(*) > 1) as __starlode_doubled;

select count(*) from (select `song_key` from `star`.`dim_song` where (`song_key`) in (select `song_key` from `star`.`dim_song` where load_key > 10)
  group by `song_key` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`dim_song` where load_key > 10 and (`song_key` is null);

select count(*) from (select `song_id` from `star`.`dim_song` where `song_key` >= 0 and (`song_id`) in (select `song_id` from `star`.`dim_song` where load_key > 10)
  group by `song_id` having count(*) > 1) as __starlode_doubled;

select count(*) from (select `artist_key` from `star`.`dim_artist` where (`artist_key`) in (select `artist_key` from `star`.`dim_artist` where load_key > 10)
  group by `artist_key` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`dim_artist` where load_key > 10 and (`artist_key` is null);

select count(*) from (select `artist_id` from `star`.`dim_artist` where `artist_key` >= 0 and (`artist_id`) in (select `artist_id` from `star`.`dim_artist` where load_key > 10)
  group by `artist_id` having count(*) > 1) as __starlode_doubled;

select count(*) from (select `session_id`, `item_in_session` from `star`.`fact_songplay` where (`session_id`, `item_in_session`) in (select (`session_id`, `item_in_session`) from `star`.`fact_songplay` where load_key > 10)
  group by `session_id`, `item_in_session` having count(*) > 1) as __starlode_doubled;

select count(*) from `star`.`fact_songplay` where load_key > 10 and (`session_id` is null or `item_in_session` is null);

select count(*) from `star`.`fact_songplay` as __starlode_f
 where __starlode_f.load_key > 10 and not exists (select 1 from `star`.`dim_time` as __starlode_d
                    where __starlode_d.`time_key` = __starlode_f.`time_key`);

select count(*) from `star`.`fact_songplay` as __starlode_f
 where __starlode_f.load_key > 10 and not exists (select 1 from `star`.`dim_user` as __starlode_d
                    where __starlode_d.`user_key` = __starlode_f.`user_key`);

select count(*) from `star`.`fact_songplay` as __starlode_f
 where __starlode_f.load_key > 10 and not exists (select 1 from `star`.`dim_song` as __starlode_d
                    where __starlode_d.`song_key` = __starlode_f.`song_key`);

select count(*) from `star`.`fact_songplay` as __starlode_f
 where __starlode_f.load_key > 10 and not exists (select 1 from `star`.`dim_artist` as __starlode_d
                    where __starlode_d.`artist_key` = __starlode_f.`artist_key`);

select count(*) from `star`.`dim_user`
 where `user_key` >= 0 and not is_inferred and `level` is not null and not coalesce(`level` in ('free', 'paid'), false);

select count(*) from `star`.`fact_songplay`
 where true and (`seconds` < 0.00001 or false);

select count(*) from (
SELECT
  `events`.`sessionid` AS `sessionid`
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
) AS `events`
WHERE
  `events`.`userid` <> ''
GROUP BY
  `events`.`sessionid`
HAVING
  COUNT(DISTINCT `events`.`userid`) > 1
) as __starlode_found;
