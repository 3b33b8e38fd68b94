create table "staging"."app__events" (
  "artist" text collate "C",
  "auth" text collate "C",
  "firstName" text collate "C",
  "gender" text collate "C",
  "itemInSession" bigint,
  "lastName" text collate "C",
  "length" numeric(18,5),
  "level" text collate "C",
  "location" text collate "C",
  "method" text collate "C",
  "page" text collate "C",
  "sessionId" bigint,
  "registration" numeric(18,1),
  "song" text collate "C",
  "status" bigint,
  "ts" bigint,
  "userAgent" text collate "C",
  "userId" text collate "C",
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint
);

drop table if exists "staging"."app__events (gone)";

create table "staging"."app__events (gone)" (
  "artist" text collate "C",
  "auth" text collate "C",
  "firstName" text collate "C",
  "gender" text collate "C",
  "itemInSession" bigint,
  "lastName" text collate "C",
  "length" numeric(18,5),
  "level" text collate "C",
  "location" text collate "C",
  "method" text collate "C",
  "page" text collate "C",
  "sessionId" bigint,
  "registration" numeric(18,1),
  "song" text collate "C",
  "status" bigint,
  "ts" bigint,
  "userAgent" text collate "C",
  "userId" text collate "C",
  "_file" text collate "C",
  "_row" bigint,
  "_load" bigint,
  "_gone" bigint
);

insert into "staging"."app__events" ("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location", "method", "page", "sessionId", "registration", "song", "status", "ts", "userAgent", "userId", "_file", "_row", "_load")
select cast("artist" as text), cast("auth" as text), cast("firstName" as text), cast("gender" as text), cast("itemInSession" as bigint), cast("lastName" as text), cast("length" as numeric(18,5)), cast("level" as text), cast("location" as text), cast("method" as text), cast("page" as text), cast("sessionId" as bigint), cast("registration" as numeric(18,1)), cast("song" as text), cast("status" as bigint), cast("ts" as bigint), cast("userAgent" as text), cast("userId" as text), cast("_file" as text), cast("_row" as bigint), 1
  from the landed files landing/part-00001.parquet;
