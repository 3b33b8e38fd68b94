create table "staging"."app__events" (
  "artist" varchar(65535),
  "auth" varchar(65535),
  "firstName" varchar(65535),
  "gender" varchar(65535),
  "itemInSession" bigint,
  "lastName" varchar(65535),
  "length" decimal(18,5),
  "level" varchar(65535),
  "location" varchar(65535),
  "method" varchar(65535),
  "page" varchar(65535),
  "sessionId" bigint,
  "registration" decimal(18,1),
  "song" varchar(65535),
  "status" bigint,
  "ts" bigint,
  "userAgent" varchar(65535),
  "userId" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "__starlode_row" bigint identity(1,1)
);

drop table if exists "staging"."app__events (gone)";

create table "staging"."app__events (gone)" (
  "artist" varchar(65535),
  "auth" varchar(65535),
  "firstName" varchar(65535),
  "gender" varchar(65535),
  "itemInSession" bigint,
  "lastName" varchar(65535),
  "length" decimal(18,5),
  "level" varchar(65535),
  "location" varchar(65535),
  "method" varchar(65535),
  "page" varchar(65535),
  "sessionId" bigint,
  "registration" decimal(18,1),
  "song" varchar(65535),
  "status" bigint,
  "ts" bigint,
  "userAgent" varchar(65535),
  "userId" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint,
  "__starlode_row" bigint identity(1,1)
);

create temp table "__starlode_arrived" (
  "artist" varchar(65535),
  "auth" varchar(65535),
  "firstName" varchar(65535),
  "gender" varchar(65535),
  "itemInSession" bigint,
  "lastName" varchar(65535),
  "length" decimal(18,5),
  "level" varchar(65535),
  "location" varchar(65535),
  "method" varchar(65535),
  "page" varchar(65535),
  "sessionId" bigint,
  "registration" decimal(18,1),
  "song" varchar(65535),
  "status" bigint,
  "ts" bigint,
  "userAgent" varchar(65535),
  "userId" varchar(65535),
  "_file" varchar(65535),
  "_row" bigint
);

copy "__starlode_arrived" from 's3://(a manifest of landing/part-00001.parquet)'
iam_role default format as parquet manifest;

insert into "staging"."app__events" ("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location", "method", "page", "sessionId", "registration", "song", "status", "ts", "userAgent", "userId", "_file", "_row", "_load")
select cast("artist" as varchar(65535)),
       cast("auth" as varchar(65535)),
       cast("firstName" as varchar(65535)),
       cast("gender" as varchar(65535)),
       cast("itemInSession" as bigint),
       cast("lastName" as varchar(65535)),
       cast("length" as decimal(18,5)),
       cast("level" as varchar(65535)),
       cast("location" as varchar(65535)),
       cast("method" as varchar(65535)),
       cast("page" as varchar(65535)),
       cast("sessionId" as bigint),
       cast("registration" as decimal(18,1)),
       cast("song" as varchar(65535)),
       cast("status" as bigint),
       cast("ts" as bigint),
       cast("userAgent" as varchar(65535)),
       cast("userId" as varchar(65535)),
       cast("_file" as varchar(65535)),
       cast("_row" as bigint),
       1
  from "__starlode_arrived";

drop table "__starlode_arrived";
