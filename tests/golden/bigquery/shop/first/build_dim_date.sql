create table `star`.`dim_date` (
  `date_key` int64,
  `date` date,
  `year` int64,
  `quarter` int64,
  `month` int64,
  `month_name` string,
  `day` int64,
  `day_of_week` int64,
  `day_name` string,
  `iso_week` int64,
  `iso_year` int64,
  `is_weekend` bool,
  `load_key` int64
);

insert into `star`.`dim_date` (`date_key`, `date`, `year`, `quarter`, `month`, `month_name`, `day`, `day_of_week`, `day_name`, `iso_week`, `iso_year`, `is_weekend`, `load_key`)
values (-1, null, null, null, null, 'Unknown', null, null, 'Unknown', null, null, null, 1),
       (-2, null, null, null, null, 'Not applicable', null, null, 'Not applicable', null, null, null, 1),
       (-3, null, null, null, null, 'Not yet arrived', null, null, 'Not yet arrived', null, null, null, 1);

insert into `star`.`dim_date` (`date_key`, `date`, `year`, `quarter`, `month`, `month_name`, `day`, `day_of_week`, `day_name`, `iso_week`, `iso_year`, `is_weekend`, load_key)
select `date_key`, `date`, `year`, `quarter`, `month`, `month_name`, `day`, `day_of_week`, `day_name`, `iso_week`, `iso_year`, `is_weekend`, 1
  from (
select cast(extract(year from cast(moment as datetime)) * 10000 + extract(month from cast(moment as datetime)) * 100 + extract(day from cast(moment as datetime)) as int64) as `date_key`,
       cast(moment as date) as `date`,
       extract(year from moment) as `year`,
       extract(quarter from moment) as `quarter`,
       extract(month from moment) as `month`,
       case extract(month from moment) when 1 then 'January' when 2 then 'February' when 3 then 'March' when 4 then 'April' when 5 then 'May' when 6 then 'June' when 7 then 'July' when 8 then 'August' when 9 then 'September' when 10 then 'October' when 11 then 'November' when 12 then 'December' end as `month_name`,
       extract(day from moment) as `day`,
       (mod(extract(dayofweek from moment) + 5, 7) + 1) as `day_of_week`,
       case (mod(extract(dayofweek from moment) + 5, 7) + 1) when 1 then 'Monday' when 2 then 'Tuesday' when 3 then 'Wednesday' when 4 then 'Thursday' when 5 then 'Friday' when 6 then 'Saturday' when 7 then 'Sunday' end as `day_name`,
       extract(isoweek from moment) as `iso_week`,
       extract(isoyear from moment) as `iso_year`,
       (mod(extract(dayofweek from moment) + 5, 7) + 1) > 5 as `is_weekend`
  from (select datetime_add(datetime '2024-01-01 00:00:00', interval n day) as moment
          from (select n from unnest(generate_array(0, 365)) as n) as __starlode_numbers) as __starlode_moments
 where extract(year from moment) <= 2024
  ) as __starlode_wanted
 where not exists (select 1 from `star`.`dim_date` as __starlode_d where __starlode_d.`date_key` = __starlode_wanted.`date_key`);
