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
  ) as said
  ) as chosen;

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
select d.`artist_id`, datetime '0001-01-01 00:00:00', d.`artist_key`
  from `star`.`dim_artist` as d
 where d.`artist_key` > 0 and d.`artist_id` is not null
   and not exists (select 1 from `starlode`.`dim_artist keys` as m
                    where m.`artist_id` = d.`artist_id` and m.valid_from = datetime '0001-01-01 00:00:00');

create temp table __starlode_chain as
select `artist_id`, `name`, `location`, `latitude`, `longitude`, `__starlode_variants`
  from (select *, count(*) over (partition by `artist_id`) as `__starlode_variants`,
               row_number() over (partition by `artist_id`
                                  order by `__starlode_votes` desc, `name` nulls last, `location` nulls last, `latitude` nulls last, `longitude` nulls last) as `__starlode_choice`
          from (select `artist_id`, `name`, `location`, `latitude`, `longitude`, count(*) as `__starlode_votes`
                  from __starlode_in where `artist_id` is not null
                 group by `artist_id`, `name`, `location`, `latitude`, `longitude`) as counted) as numbered
 where `__starlode_choice` = 1;

create temp table __starlode_held as
select * from `star`.`dim_artist` as d
 where d.`artist_key` > 0 and (d.`artist_id`) in (select `artist_id` from __starlode_chain);

create temp table __starlode_known as
select * from `starlode`.`dim_artist keys` as m
 where (m.`artist_id`) in (select `artist_id` from (select c.`artist_id` from __starlode_chain as c
          left join __starlode_held as d on d.`artist_id` = c.`artist_id` and not d.is_inferred
         where d.`artist_key` is null) as asked);

create temp table __starlode_rows as
with waiting as (
        select i.`artist_id`, i.`artist_key`, m.`artist_key` is null as `__starlode_is_free`
          from __starlode_held as i
          left join __starlode_known as m on m.`artist_id` = i.`artist_id` and m.`artist_key` = i.`artist_key`
                and m.valid_from > datetime '0001-01-01 00:00:00'
         where i.is_inferred),
matched as (
        select d.`artist_key` as `__starlode_held_key`, k.`artist_key` as `__starlode_known_key`, i.`artist_key` as `__starlode_waiting_key`,
               case when i.`__starlode_is_free` and true then i.`artist_key` end as `__starlode_taken_key`,
               d.`name` is not distinct from c.`name` and d.`location` is not distinct from c.`location` and d.`latitude` is not distinct from c.`latitude` and d.`longitude` is not distinct from c.`longitude` as `__starlode_is_same`,
               c.`artist_id`, c.`name` as `name`, c.`location` as `location`, c.`latitude` as `latitude`, c.`longitude` as `longitude`
          from __starlode_chain as c
          left join __starlode_held as d on d.`artist_id` = c.`artist_id` and not d.is_inferred
          left join __starlode_known as k
            on k.`artist_id` = c.`artist_id` and k.valid_from = case when d.`artist_key` is null then datetime '0001-01-01 00:00:00' end
          left join waiting as i on i.`artist_id` = c.`artist_id`),
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
select `artist_key`, `artist_id`, `name`, `location`, `latitude`, `longitude`, false, 1 from __starlode_rows as w where `__starlode_change` <> 'same';
