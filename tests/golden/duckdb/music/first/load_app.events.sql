create table "staging"."app__events" (
  "artist" VARCHAR,
  "auth" VARCHAR,
  "firstName" VARCHAR,
  "gender" VARCHAR,
  "itemInSession" BIGINT,
  "lastName" VARCHAR,
  "length" DECIMAL(18,5),
  "level" VARCHAR,
  "location" VARCHAR,
  "method" VARCHAR,
  "page" VARCHAR,
  "sessionId" BIGINT,
  "registration" DECIMAL(18,1),
  "song" VARCHAR,
  "status" BIGINT,
  "ts" BIGINT,
  "userAgent" VARCHAR,
  "userId" VARCHAR,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT
);

drop table if exists "staging"."app__events (gone)";

create table "staging"."app__events (gone)" (
  "artist" VARCHAR,
  "auth" VARCHAR,
  "firstName" VARCHAR,
  "gender" VARCHAR,
  "itemInSession" BIGINT,
  "lastName" VARCHAR,
  "length" DECIMAL(18,5),
  "level" VARCHAR,
  "location" VARCHAR,
  "method" VARCHAR,
  "page" VARCHAR,
  "sessionId" BIGINT,
  "registration" DECIMAL(18,1),
  "song" VARCHAR,
  "status" BIGINT,
  "ts" BIGINT,
  "userAgent" VARCHAR,
  "userId" VARCHAR,
  "_file" VARCHAR,
  "_row" BIGINT,
  "_load" BIGINT,
  "_gone" BIGINT
);

insert into "staging"."app__events" ("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location", "method", "page", "sessionId", "registration", "song", "status", "ts", "userAgent", "userId", "_file", "_row", "_load")
select cast("artist" as VARCHAR), cast("auth" as VARCHAR), cast("firstName" as VARCHAR), cast("gender" as VARCHAR), cast("itemInSession" as BIGINT), cast("lastName" as VARCHAR), cast("length" as DECIMAL(18,5)), cast("level" as VARCHAR), cast("location" as VARCHAR), cast("method" as VARCHAR), cast("page" as VARCHAR), cast("sessionId" as BIGINT), cast("registration" as DECIMAL(18,1)), cast("song" as VARCHAR), cast("status" as BIGINT), cast("ts" as BIGINT), cast("userAgent" as VARCHAR), cast("userId" as VARCHAR), cast("_file" as VARCHAR), cast("_row" as BIGINT), 1
  from the landed files landing/part-00001.parquet;
