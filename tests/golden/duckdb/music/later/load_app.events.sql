delete from "staging"."app__events (gone)" where "_gone" <= 6;

insert into "staging"."app__events" ("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location", "method", "page", "sessionId", "registration", "song", "status", "ts", "userAgent", "userId", "_file", "_row", "_load")
select cast("artist" as VARCHAR), cast("auth" as VARCHAR), cast("firstName" as VARCHAR), cast("gender" as VARCHAR), cast("itemInSession" as BIGINT), cast("lastName" as VARCHAR), cast("length" as DECIMAL(18,5)), cast("level" as VARCHAR), cast("location" as VARCHAR), cast("method" as VARCHAR), cast("page" as VARCHAR), cast("sessionId" as BIGINT), cast("registration" as DECIMAL(18,1)), cast("song" as VARCHAR), cast("status" as BIGINT), cast("ts" as BIGINT), cast("userAgent" as VARCHAR), cast("userId" as VARCHAR), cast("_file" as VARCHAR), cast("_row" as BIGINT), 1
  from the landed files landing/part-00001.parquet;
