create table "STAR"."DIM_DATE" (
  "DATE_KEY" number(19,0),
  "DATE" date,
  "YEAR" number(19,0),
  "QUARTER" number(19,0),
  "MONTH" number(19,0),
  "MONTH_NAME" varchar,
  "DAY" number(19,0),
  "DAY_OF_WEEK" number(19,0),
  "DAY_NAME" varchar,
  "ISO_WEEK" number(19,0),
  "ISO_YEAR" number(19,0),
  "IS_WEEKEND" boolean,
  "LOAD_KEY" number(19,0)
);

insert into "STAR"."DIM_DATE" ("DATE_KEY", "DATE", "YEAR", "QUARTER", "MONTH", "MONTH_NAME", "DAY", "DAY_OF_WEEK", "DAY_NAME", "ISO_WEEK", "ISO_YEAR", "IS_WEEKEND", "LOAD_KEY")
values (-1, null, null, null, null, 'Unknown', null, null, 'Unknown', null, null, null, 1),
       (-2, null, null, null, null, 'Not applicable', null, null, 'Not applicable', null, null, null, 1),
       (-3, null, null, null, null, 'Not yet arrived', null, null, 'Not yet arrived', null, null, null, 1);

insert into "STAR"."DIM_DATE" ("DATE_KEY", "DATE", "YEAR", "QUARTER", "MONTH", "MONTH_NAME", "DAY", "DAY_OF_WEEK", "DAY_NAME", "ISO_WEEK", "ISO_YEAR", "IS_WEEKEND", load_key)
select "DATE_KEY", "DATE", "YEAR", "QUARTER", "MONTH", "MONTH_NAME", "DAY", "DAY_OF_WEEK", "DAY_NAME", "ISO_WEEK", "ISO_YEAR", "IS_WEEKEND", 1
  from (
select cast(extract(year from cast(moment as timestamp_ntz(6))) * 10000 + extract(month from cast(moment as timestamp_ntz(6))) * 100 + extract(day from cast(moment as timestamp_ntz(6))) as number(19,0)) as "DATE_KEY",
       cast(moment as date) as "DATE",
       extract(year from moment) as "YEAR",
       extract(quarter from moment) as "QUARTER",
       extract(month from moment) as "MONTH",
       case extract(month from moment) when 1 then 'January' when 2 then 'February' when 3 then 'March' when 4 then 'April' when 5 then 'May' when 6 then 'June' when 7 then 'July' when 8 then 'August' when 9 then 'September' when 10 then 'October' when 11 then 'November' when 12 then 'December' end as "MONTH_NAME",
       extract(day from moment) as "DAY",
       dayofweekiso(moment) as "DAY_OF_WEEK",
       case dayofweekiso(moment) when 1 then 'Monday' when 2 then 'Tuesday' when 3 then 'Wednesday' when 4 then 'Thursday' when 5 then 'Friday' when 6 then 'Saturday' when 7 then 'Sunday' end as "DAY_NAME",
       extract(week from moment) as "ISO_WEEK",
       yearofweekiso(moment) as "ISO_YEAR",
       dayofweekiso(moment) > 5 as "IS_WEEKEND"
  from (select dateadd(day, n, timestamp '2024-01-01 00:00:00') as moment
          from (select n from (select d0.n * 1 + d1.n * 10 + d2.n * 100 as n
  from (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as d0
 cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as d1
 cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as d2) as counted where n < 366) as numbers) as moments
 where extract(year from moment) <= 2024
  ) as wanted
 where not exists (select 1 from "STAR"."DIM_DATE" as d where d."DATE_KEY" = wanted."DATE_KEY");
