create table `staging`.`app__songs` (
  `num_songs` int64,
  `artist_id` string,
  `artist_location` string,
  `artist_name` string,
  `song_id` string,
  `title` string,
  `duration` numeric(18,5),
  `year` int64,
  `artist_latitude` string,
  `artist_longitude` string,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
);

drop table if exists `staging`.`app__songs gone`;

create table `staging`.`app__songs gone` (
  `num_songs` int64,
  `artist_id` string,
  `artist_location` string,
  `artist_name` string,
  `song_id` string,
  `title` string,
  `duration` numeric(18,5),
  `year` int64,
  `artist_latitude` string,
  `artist_longitude` string,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `_gone` int64,
  `__starlode_row` string default (generate_uuid())
);

create temp table `__starlode_staging_app__songs work` (
  `num_songs` int64,
  `artist_id` string,
  `artist_location` string,
  `artist_name` string,
  `song_id` string,
  `title` string,
  `duration` numeric(18,5),
  `year` int64,
  `artist_latitude` string,
  `artist_longitude` string,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
);

insert into `__starlode_staging_app__songs work` (`num_songs`, `artist_id`, `artist_location`, `artist_name`, `song_id`, `title`, `duration`, `year`, `artist_latitude`, `artist_longitude`, `_file`, `_row`, `_load`)
select cast(`num_songs` as int64),
       `artist_id`,
       `artist_location`,
       `artist_name`,
       `song_id`,
       `title`,
       cast(`duration` as numeric(18,5)),
       cast(`year` as int64),
       `artist_latitude`,
       `artist_longitude`,
       `_file`,
       cast(`_row` as int64),
       1
  from `staging`.`(a load job of landing/part-00001.parquet)`;

create temp table `__starlode_staging_app__songs met` (
  `num_songs` int64,
  `artist_id` string,
  `artist_location` string,
  `artist_name` string,
  `song_id` string,
  `title` string,
  `duration` numeric(18,5),
  `year` int64,
  `artist_latitude` string,
  `artist_longitude` string,
  `_file` string,
  `_row` int64,
  `_load` int64,
  `__starlode_row` string default (generate_uuid())
);

insert into `__starlode_staging_app__songs met` (`num_songs`, `artist_id`, `artist_location`, `artist_name`, `song_id`, `title`, `duration`, `year`, `artist_latitude`, `artist_longitude`, `_file`, `_row`, `_load`)
select `num_songs`, `artist_id`, `artist_location`, `artist_name`, `song_id`, `title`, `duration`, `year`, `artist_latitude`, `artist_longitude`, `_file`, `_row`, `_load`
  from `staging`.`app__songs` as __starlode_h
 where (__starlode_h.`song_id`) in (select `song_id` from `__starlode_staging_app__songs work`);

create temp table `__starlode_merge` as
select __starlode_w.*,
       case when __starlode_h.`_load` is null then 'insert'
            when (((__starlode_w.`_file` < __starlode_h.`_file` or (__starlode_w.`_file` is null and __starlode_h.`_file` is not null))) or (__starlode_w.`_file` is not distinct from __starlode_h.`_file` and (__starlode_w.`_row` < __starlode_h.`_row` or (__starlode_w.`_row` is null and __starlode_h.`_row` is not null)))) then 'stale'
            when not (__starlode_h.`num_songs` is not distinct from __starlode_w.`num_songs` and __starlode_h.`artist_id` is not distinct from __starlode_w.`artist_id` and __starlode_h.`artist_location` is not distinct from __starlode_w.`artist_location` and __starlode_h.`artist_name` is not distinct from __starlode_w.`artist_name` and __starlode_h.`song_id` is not distinct from __starlode_w.`song_id` and __starlode_h.`title` is not distinct from __starlode_w.`title` and __starlode_h.`duration` is not distinct from __starlode_w.`duration` and __starlode_h.`year` is not distinct from __starlode_w.`year` and __starlode_h.`artist_latitude` is not distinct from __starlode_w.`artist_latitude` and __starlode_h.`artist_longitude` is not distinct from __starlode_w.`artist_longitude`) then 'update'
            when __starlode_h.`_file` = __starlode_w.`_file` and __starlode_h.`_row` = __starlode_w.`_row` then 'same'
            else 'move' end as `__starlode_change`
  from (select *, row_number() over (partition by `song_id` order by `_file` desc nulls last, `_row` desc nulls last) as `__starlode_newest`
          from `__starlode_staging_app__songs work`) as __starlode_w
  left join `__starlode_staging_app__songs met` as __starlode_h on __starlode_h.`song_id` = __starlode_w.`song_id`
 where __starlode_w.`__starlode_newest` = 1;

delete from `staging`.`app__songs` as __starlode_h
 where (__starlode_h.`song_id`) in (select `song_id` from `__starlode_merge` where `__starlode_change` in ('update', 'move'));

insert into `staging`.`app__songs` (`num_songs`, `artist_id`, `artist_location`, `artist_name`, `song_id`, `title`, `duration`, `year`, `artist_latitude`, `artist_longitude`, `_file`, `_row`, `_load`)
select `num_songs`, `artist_id`, `artist_location`, `artist_name`, `song_id`, `title`, `duration`, `year`, `artist_latitude`, `artist_longitude`, `_file`, `_row`, `_load` from `__starlode_merge` where `__starlode_change` in ('insert', 'update', 'move');
