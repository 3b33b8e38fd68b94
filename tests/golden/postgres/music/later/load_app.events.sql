delete from "staging"."app__events (gone)" where "_gone" <= 6;

insert into "staging"."app__events" ("artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location", "method", "page", "sessionId", "registration", "song", "status", "ts", "userAgent", "userId", "_file", "_row", "_load")
select cast("artist" as text), cast("auth" as text), cast("firstName" as text), cast("gender" as text), cast("itemInSession" as bigint), cast("lastName" as text), cast("length" as numeric(18,5)), cast("level" as text), cast("location" as text), cast("method" as text), cast("page" as text), cast("sessionId" as bigint), cast("registration" as numeric(18,1)), cast("song" as text), cast("status" as bigint), cast("ts" as bigint), cast("userAgent" as text), cast("userId" as text), cast("_file" as text), cast("_row" as bigint), 1
  from the landed files landing/part-00001.parquet;
