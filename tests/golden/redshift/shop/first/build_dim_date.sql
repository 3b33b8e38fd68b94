create table "star"."dim_date" (
  "date_key" bigint,
  "date" date,
  "year" bigint,
  "quarter" bigint,
  "month" bigint,
  "month_name" varchar(256),
  "day" bigint,
  "day_of_week" bigint,
  "day_name" varchar(256),
  "iso_week" bigint,
  "iso_year" bigint,
  "is_weekend" boolean,
  "load_key" bigint
);

insert into "star"."dim_date" ("date_key", "date", "year", "quarter", "month", "month_name", "day", "day_of_week", "day_name", "iso_week", "iso_year", "is_weekend", "load_key")
values (-1, null, null, null, null, 'Unknown', null, null, 'Unknown', null, null, null, 1),
       (-2, null, null, null, null, 'Not applicable', null, null, 'Not applicable', null, null, null, 1),
       (-3, null, null, null, null, 'Not yet arrived', null, null, 'Not yet arrived', null, null, null, 1);

insert into "star"."dim_date" ("date_key", "date", "year", "quarter", "month", "month_name", "day", "day_of_week", "day_name", "iso_week", "iso_year", "is_weekend", load_key)
select "date_key", "date", "year", "quarter", "month", "month_name", "day", "day_of_week", "day_name", "iso_week", "iso_year", "is_weekend", 1
  from (
select cast(extract(year from cast(moment as timestamp)) * 10000 + extract(month from cast(moment as timestamp)) * 100 + extract(day from cast(moment as timestamp)) as bigint) as "date_key",
       cast(moment as date) as "date",
       extract(year from moment) as "year",
       extract(quarter from moment) as "quarter",
       extract(month from moment) as "month",
       case extract(month from moment) when 1 then 'January' when 2 then 'February' when 3 then 'March' when 4 then 'April' when 5 then 'May' when 6 then 'June' when 7 then 'July' when 8 then 'August' when 9 then 'September' when 10 then 'October' when 11 then 'November' when 12 then 'December' end as "month_name",
       extract(day from moment) as "day",
       ((extract(dow from moment) + 6) % 7 + 1) as "day_of_week",
       case ((extract(dow from moment) + 6) % 7 + 1) when 1 then 'Monday' when 2 then 'Tuesday' when 3 then 'Wednesday' when 4 then 'Thursday' when 5 then 'Friday' when 6 then 'Saturday' when 7 then 'Sunday' end as "day_name",
       extract(week from moment) as "iso_week",
       extract(year from dateadd(day, cast(4 - ((extract(dow from moment) + 6) % 7 + 1) as integer), moment)) as "iso_year",
       ((extract(dow from moment) + 6) % 7 + 1) > 5 as "is_weekend"
  from (select dateadd(day, n, timestamp '2024-01-01 00:00:00') as moment
          from (select n from (select d0.n * 1 + d1.n * 10 + d2.n * 100 as n
  from (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as d0
 cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as d1
 cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as d2) as counted where n < 366) as numbers) as moments
 where extract(year from moment) <= 2024
  ) as wanted
 where not exists (select 1 from "star"."dim_date" as d where d."date_key" = wanted."date_key");
