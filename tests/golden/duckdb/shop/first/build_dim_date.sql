create table "star"."dim_date" (
  "date_key" BIGINT,
  "date" DATE,
  "year" BIGINT,
  "quarter" BIGINT,
  "month" BIGINT,
  "month_name" VARCHAR,
  "day" BIGINT,
  "day_of_week" BIGINT,
  "day_name" VARCHAR,
  "iso_week" BIGINT,
  "iso_year" BIGINT,
  "is_weekend" BOOLEAN,
  "load_key" BIGINT
);

insert into "star"."dim_date" ("date_key", "date", "year", "quarter", "month", "month_name", "day", "day_of_week", "day_name", "iso_week", "iso_year", "is_weekend", "load_key")
values (-1, null, null, null, null, 'Unknown', null, null, 'Unknown', null, null, null, 1),
       (-2, null, null, null, null, 'Not applicable', null, null, 'Not applicable', null, null, null, 1),
       (-3, null, null, null, null, 'Not yet arrived', null, null, 'Not yet arrived', null, null, null, 1);

insert into "star"."dim_date" ("date_key", "date", "year", "quarter", "month", "month_name", "day", "day_of_week", "day_name", "iso_week", "iso_year", "is_weekend", load_key)
select "date_key", "date", "year", "quarter", "month", "month_name", "day", "day_of_week", "day_name", "iso_week", "iso_year", "is_weekend", 1
  from (
select cast(extract(year from cast(moment as TIMESTAMP)) * 10000 + extract(month from cast(moment as TIMESTAMP)) * 100 + extract(day from cast(moment as TIMESTAMP)) as BIGINT) as "date_key",
       cast(moment as date) as "date",
       extract(year from moment) as "year",
       extract(quarter from moment) as "quarter",
       extract(month from moment) as "month",
       case extract(month from moment) when 1 then 'January' when 2 then 'February' when 3 then 'March' when 4 then 'April' when 5 then 'May' when 6 then 'June' when 7 then 'July' when 8 then 'August' when 9 then 'September' when 10 then 'October' when 11 then 'November' when 12 then 'December' end as "month_name",
       extract(day from moment) as "day",
       extract(isodow from moment) as "day_of_week",
       case extract(isodow from moment) when 1 then 'Monday' when 2 then 'Tuesday' when 3 then 'Wednesday' when 4 then 'Thursday' when 5 then 'Friday' when 6 then 'Saturday' when 7 then 'Sunday' end as "day_name",
       extract(week from moment) as "iso_week",
       extract(isoyear from moment) as "iso_year",
       extract(isodow from moment) > 5 as "is_weekend"
  from (select timestamp '2024-01-01 00:00:00' + n * interval '1 day' as moment
          from (select i as n from range(366) as r(i)) as numbers) as moments
 where extract(year from moment) <= 2024
  ) as wanted
 where not exists (select 1 from "star"."dim_date" as d where d."date_key" = wanted."date_key");
