create temp table __starlode_in as
select `artist_id`, `name`, `location`, `latitude`, `longitude`
  from (
select cast(`artist_id` as string) as `artist_id`,
       cast(`name` as string) as `name`,
       cast(`location` as string) as `location`,
       cast(`latitude` as string) as `latitude`,
       cast(`longitude` as string) as `longitude`
  from (
SELECT
  `songs`.`artist_id` AS `artist_id`,
  `songs`.`artist_name` AS `name`,
  NULLIF(`songs`.`artist_location`, '') AS `location`,
  `songs`.`artist_latitude` AS `latitude`,
  `songs`.`artist_longitude` AS `longitude`
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

create table `star`.`dim_artist` (
  `artist_key` int64,
  `artist_id` string,
  `name` string,
  `location` string,
  `latitude` string,
  `longitude` string,
  `is_inferred` bool,
  `load_key` int64
);

insert into `star`.`dim_artist` (`artist_key`, `artist_id`, `name`, `location`, `latitude`, `longitude`, `is_inferred`, `load_key`)
values (-1, null, 'Unknown', 'Unknown', 'Unknown', 'Unknown', false, 1),
       (-2, null, 'Not applicable', 'Not applicable', 'Not applicable', 'Not applicable', false, 1),
       (-3, null, 'Not yet arrived', 'Not yet arrived', 'Not yet arrived', 'Not yet arrived', false, 1);

create table `starlode`.`dim_artist keys` (
  `artist_id` string,
  `valid_from` datetime,
  `artist_key` int64
);

insert into `starlode`.`dim_artist keys` (`artist_id`, `valid_from`, `artist_key`)
select __starlode_d.`artist_id`, datetime '0001-01-01 00:00:00', __starlode_d.`artist_key`
  from `star`.`dim_artist` as __starlode_d
 where __starlode_d.`artist_key` > 0 and __starlode_d.`artist_id` is not null
   and not exists (select 1 from `starlode`.`dim_artist keys` as __starlode_m
                    where __starlode_m.`artist_id` = __starlode_d.`artist_id` and __starlode_m.valid_from = datetime '0001-01-01 00:00:00');

create temp table __starlode_chain as
select `artist_id`, `name`, `location`, `latitude`, `longitude`, `__starlode_variants`
  from (select *, count(*) over (partition by `artist_id`) as `__starlode_variants`,
               row_number() over (partition by `artist_id`
                                  order by `__starlode_votes` desc, `name` nulls last, `location` nulls last, `latitude` nulls last, `longitude` nulls last) as `__starlode_choice`
          from (select `artist_id`, `name`, `location`, `latitude`, `longitude`, count(*) as `__starlode_votes`
                  from __starlode_in where `artist_id` is not null
                 group by `artist_id`, `name`, `location`, `latitude`, `longitude`) as __starlode_counted) as __starlode_numbered
 where `__starlode_choice` = 1;

create temp table __starlode_held as
select * from `star`.`dim_artist` as __starlode_d
 where __starlode_d.`artist_key` > 0 and (__starlode_d.`artist_id`) in (select `artist_id` from __starlode_chain);

create temp table __starlode_known as
select * from `starlode`.`dim_artist keys` as __starlode_m
 where (__starlode_m.`artist_id`) in (select `artist_id` from (select __starlode_c.`artist_id` from __starlode_chain as __starlode_c
          left join __starlode_held as __starlode_d on __starlode_d.`artist_id` = __starlode_c.`artist_id` and not __starlode_d.is_inferred
         where __starlode_d.`artist_key` is null) as __starlode_asked);

create temp table __starlode_rows as
with waiting as (
        select __starlode_i.`artist_id`, __starlode_i.`artist_key`, __starlode_m.`artist_key` is null as `__starlode_is_free`
          from __starlode_held as __starlode_i
          left join __starlode_known as __starlode_m on __starlode_m.`artist_id` = __starlode_i.`artist_id` and __starlode_m.`artist_key` = __starlode_i.`artist_key`
                and __starlode_m.valid_from > datetime '0001-01-01 00:00:00'
         where __starlode_i.is_inferred),
matched as (
        select __starlode_d.`artist_key` as `__starlode_held_key`, __starlode_k.`artist_key` as `__starlode_known_key`, __starlode_i.`artist_key` as `__starlode_waiting_key`,
               case when __starlode_i.`__starlode_is_free` and true then __starlode_i.`artist_key` end as `__starlode_taken_key`,
               __starlode_d.`name` is not distinct from __starlode_c.`name` and __starlode_d.`location` is not distinct from __starlode_c.`location` and __starlode_d.`latitude` is not distinct from __starlode_c.`latitude` and __starlode_d.`longitude` is not distinct from __starlode_c.`longitude` as `__starlode_is_same`,
               __starlode_c.`artist_id`, __starlode_c.`name` as `name`, __starlode_c.`location` as `location`, __starlode_c.`latitude` as `latitude`, __starlode_c.`longitude` as `longitude`
          from __starlode_chain as __starlode_c
          left join __starlode_held as __starlode_d on __starlode_d.`artist_id` = __starlode_c.`artist_id` and not __starlode_d.is_inferred
          left join __starlode_known as __starlode_k
            on __starlode_k.`artist_id` = __starlode_c.`artist_id` and __starlode_k.valid_from = case when __starlode_d.`artist_key` is null then datetime '0001-01-01 00:00:00' end
          left join waiting as __starlode_i on __starlode_i.`artist_id` = __starlode_c.`artist_id`),
kept as (
        select *, coalesce(`__starlode_held_key`, `__starlode_known_key`, `__starlode_taken_key`) as `__starlode_kept_key` from matched),
keyed as (
        select *, coalesce(`__starlode_kept_key`, coalesce((select max(`artist_key`) from `starlode`.`dim_artist keys`), 0)
                    + row_number() over (partition by `__starlode_kept_key` is null
                                         order by `artist_id`)) as `artist_key`
          from kept)
select `artist_key`,
       case when `__starlode_held_key` is not null and `__starlode_is_same` then 'same'
            when `__starlode_held_key` is not null or `__starlode_kept_key` = `__starlode_waiting_key` then 'update'
            else 'insert' end as `__starlode_change`,
       `__starlode_held_key` is null and `__starlode_known_key` is null as `__starlode_is_new_pair`,
       `artist_id`, `name`, `location`, `latitude`, `longitude`
  from keyed;

insert into `starlode`.`dim_artist keys` (`artist_id`, `valid_from`, `artist_key`)
select `artist_id`, datetime '0001-01-01 00:00:00', `artist_key`
  from __starlode_rows where `__starlode_is_new_pair`;

insert into `star`.`dim_artist` (`artist_key`, `artist_id`, `name`, `location`, `latitude`, `longitude`, is_inferred, load_key)
select `artist_key`, `artist_id`, `name`, `location`, `latitude`, `longitude`, false, 1 from __starlode_rows as __starlode_w where `__starlode_change` <> 'same';
