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

insert into `staging`.`app__songs` (`num_songs`, `artist_id`, `artist_location`, `artist_name`, `song_id`, `title`, `duration`, `year`, `artist_latitude`, `artist_longitude`, `_file`, `_row`, `_load`)
select `num_songs`, `artist_id`, `artist_location`, `artist_name`, `song_id`, `title`, `duration`, `year`, `artist_latitude`, `artist_longitude`, `_file`, `_row`, `_load` from `__starlode_staging_app__songs work` where `_load` = 1;
