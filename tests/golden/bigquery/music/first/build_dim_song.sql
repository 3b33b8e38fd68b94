create temp table __starlode_in as
select `song_id`, `title`, `artist_name`, `year`, `seconds`
  from (
select cast(`song_id` as string) as `song_id`,
       cast(`title` as string) as `title`,
       cast(`artist_name` as string) as `artist_name`,
       cast(`year` as int64) as `year`,
       cast(`seconds` as numeric(18,5)) as `seconds`
  from (
SELECT
  `songs`.`song_id` AS `song_id`,
  `songs`.`title` AS `title`,
  `songs`.`artist_name` AS `artist_name`,
  NULLIF(`songs`.`year`, 0) AS `year`,
  `songs`.`duration` AS `seconds`
FROM (
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
) AS `songs`
  ) as __starlode_said
  ) as __starlode_chosen;

create table `star`.`dim_song` (
  `song_key` int64,
  `song_id` string,
  `title` string,
  `artist_name` string,
  `year` int64,
  `seconds` numeric(18,5),
  `is_inferred` bool,
  `load_key` int64
);

insert into `star`.`dim_song` (`song_key`, `song_id`, `title`, `artist_name`, `year`, `seconds`, `is_inferred`, `load_key`)
values (-1, null, 'Unknown', 'Unknown', null, null, false, 1),
       (-2, null, 'Not applicable', 'Not applicable', null, null, false, 1),
       (-3, null, 'Not yet arrived', 'Not yet arrived', null, null, false, 1);

create table `starlode`.`dim_song keys` (
  `song_id` string,
  `valid_from` datetime,
  `song_key` int64
);

insert into `starlode`.`dim_song keys` (`song_id`, `valid_from`, `song_key`)
select __starlode_d.`song_id`, datetime '0001-01-01 00:00:00', __starlode_d.`song_key`
  from `star`.`dim_song` as __starlode_d
 where __starlode_d.`song_key` > 0 and __starlode_d.`song_id` is not null
   and not exists (select 1 from `starlode`.`dim_song keys` as __starlode_m
                    where __starlode_m.`song_id` = __starlode_d.`song_id` and __starlode_m.valid_from = datetime '0001-01-01 00:00:00');

create temp table __starlode_chain as
select `song_id`, `title`, `artist_name`, `year`, `seconds`, `__starlode_variants`
  from (select *, count(*) over (partition by `song_id`) as `__starlode_variants`,
               row_number() over (partition by `song_id`
                                  order by `__starlode_votes` desc, `title` nulls last, `artist_name` nulls last, `year` nulls last, `seconds` nulls last) as `__starlode_choice`
          from (select `song_id`, `title`, `artist_name`, `year`, `seconds`, count(*) as `__starlode_votes`
                  from __starlode_in where `song_id` is not null
                 group by `song_id`, `title`, `artist_name`, `year`, `seconds`) as __starlode_counted) as __starlode_numbered
 where `__starlode_choice` = 1;

create temp table __starlode_held as
select * from `star`.`dim_song` as __starlode_d
 where __starlode_d.`song_key` > 0 and (__starlode_d.`song_id`) in (select `song_id` from __starlode_chain);

create temp table __starlode_known as
select * from `starlode`.`dim_song keys` as __starlode_m
 where (__starlode_m.`song_id`) in (select `song_id` from (select __starlode_c.`song_id` from __starlode_chain as __starlode_c
          left join __starlode_held as __starlode_d on __starlode_d.`song_id` = __starlode_c.`song_id` and not __starlode_d.is_inferred
         where __starlode_d.`song_key` is null) as __starlode_asked);

create temp table __starlode_rows as
with waiting as (
        select __starlode_i.`song_id`, __starlode_i.`song_key`, __starlode_m.`song_key` is null as `__starlode_is_free`
          from __starlode_held as __starlode_i
          left join __starlode_known as __starlode_m on __starlode_m.`song_id` = __starlode_i.`song_id` and __starlode_m.`song_key` = __starlode_i.`song_key`
                and __starlode_m.valid_from > datetime '0001-01-01 00:00:00'
         where __starlode_i.is_inferred),
matched as (
        select __starlode_d.`song_key` as `__starlode_held_key`, __starlode_k.`song_key` as `__starlode_known_key`, __starlode_i.`song_key` as `__starlode_waiting_key`,
               case when __starlode_i.`__starlode_is_free` and true then __starlode_i.`song_key` end as `__starlode_taken_key`,
               __starlode_d.`title` is not distinct from __starlode_c.`title` and __starlode_d.`artist_name` is not distinct from __starlode_c.`artist_name` and __starlode_d.`year` is not distinct from __starlode_c.`year` and __starlode_d.`seconds` is not distinct from __starlode_c.`seconds` as `__starlode_is_same`,
               __starlode_c.`song_id`, __starlode_c.`title` as `title`, __starlode_c.`artist_name` as `artist_name`, __starlode_c.`year` as `year`, __starlode_c.`seconds` as `seconds`
          from __starlode_chain as __starlode_c
          left join __starlode_held as __starlode_d on __starlode_d.`song_id` = __starlode_c.`song_id` and not __starlode_d.is_inferred
          left join __starlode_known as __starlode_k
            on __starlode_k.`song_id` = __starlode_c.`song_id` and __starlode_k.valid_from = case when __starlode_d.`song_key` is null then datetime '0001-01-01 00:00:00' end
          left join waiting as __starlode_i on __starlode_i.`song_id` = __starlode_c.`song_id`),
kept as (
        select *, coalesce(`__starlode_held_key`, `__starlode_known_key`, `__starlode_taken_key`) as `__starlode_kept_key` from matched),
keyed as (
        select *, coalesce(`__starlode_kept_key`, coalesce((select max(`song_key`) from `starlode`.`dim_song keys`), 0)
                    + row_number() over (partition by `__starlode_kept_key` is null
                                         order by `song_id`)) as `song_key`
          from kept)
select `song_key`,
       case when `__starlode_held_key` is not null and `__starlode_is_same` then 'same'
            when `__starlode_held_key` is not null or `__starlode_kept_key` = `__starlode_waiting_key` then 'update'
            else 'insert' end as `__starlode_change`,
       `__starlode_held_key` is null and `__starlode_known_key` is null as `__starlode_is_new_pair`,
       `song_id`, `title`, `artist_name`, `year`, `seconds`
  from keyed;

insert into `starlode`.`dim_song keys` (`song_id`, `valid_from`, `song_key`)
select `song_id`, datetime '0001-01-01 00:00:00', `song_key`
  from __starlode_rows where `__starlode_is_new_pair`;

insert into `star`.`dim_song` (`song_key`, `song_id`, `title`, `artist_name`, `year`, `seconds`, is_inferred, load_key)
select `song_key`, `song_id`, `title`, `artist_name`, `year`, `seconds`, false, 1 from __starlode_rows as __starlode_w where `__starlode_change` <> 'same';
