select count(*) from (select "DATE_KEY" from "STAR"."DIM_DATE" where ("DATE_KEY") in (select "DATE_KEY" from "STAR"."DIM_DATE" where load_key > 11)
  group by "DATE_KEY" having count(*) > 1) as doubled;

select count(*) from "STAR"."DIM_DATE" where load_key > 11 and ("DATE_KEY" is null);

select count(*) from (select "CUSTOMER_KEY" from "STAR"."DIM_CUSTOMER" where ("CUSTOMER_KEY") in (select "CUSTOMER_KEY" from "STAR"."DIM_CUSTOMER" where load_key > 11)
  group by "CUSTOMER_KEY" having count(*) > 1) as doubled;

select count(*) from "STAR"."DIM_CUSTOMER" where load_key > 11 and ("CUSTOMER_KEY" is null);

select count(*) from (
  select *, lead(valid_from) over (partition by "CUSTOMER_ID" order by valid_from) as next_from
    from "STAR"."DIM_CUSTOMER" where "CUSTOMER_KEY" >= 0 and not is_inferred and ("CUSTOMER_ID") in (select "CUSTOMER_ID" from "STAR"."DIM_CUSTOMER" where load_key > 11)) as m
 where valid_from >= valid_to
    or (coalesce(next_from, timestamp '9999-12-31 00:00:00') <> valid_to)
    or is_current <> (valid_to = timestamp '9999-12-31 00:00:00');

select count(*) from (select "CUSTOMER_ID" from "STAR"."DIM_CUSTOMER" where "CUSTOMER_KEY" >= 0 and ("CUSTOMER_ID") in (select "CUSTOMER_ID" from "STAR"."DIM_CUSTOMER" where load_key > 11) and is_current
  group by "CUSTOMER_ID" having count(*) > 1) as doubled;

select count(*) from (select "PRODUCT_KEY" from "STAR"."DIM_PRODUCT" where ("PRODUCT_KEY") in (select "PRODUCT_KEY" from "STAR"."DIM_PRODUCT" where load_key > 11)
  group by "PRODUCT_KEY" having count(*) > 1) as doubled;

select count(*) from "STAR"."DIM_PRODUCT" where load_key > 11 and ("PRODUCT_KEY" is null);

select count(*) from (select "PRODUCT_ID" from "STAR"."DIM_PRODUCT" where "PRODUCT_KEY" >= 0 and ("PRODUCT_ID") in (select "PRODUCT_ID" from "STAR"."DIM_PRODUCT" where load_key > 11)
  group by "PRODUCT_ID" having count(*) > 1) as doubled;

select count(*) from (select "ORDER_ID" from "STAR"."FACT_SALES" where ("ORDER_ID") in (select "ORDER_ID" from "STAR"."FACT_SALES" where load_key > 11)
  group by "ORDER_ID" having count(*) > 1) as doubled;

select count(*) from "STAR"."FACT_SALES" where load_key > 11 and ("ORDER_ID" is null);

select count(*) from "STAR"."FACT_SALES" as f
 where f.load_key > 11 and not exists (select 1 from "STAR"."DIM_CUSTOMER" as d
                    where d."CUSTOMER_KEY" = f."CUSTOMER_KEY");

select count(*) from "STAR"."FACT_SALES" as f
 where f.load_key > 11 and not exists (select 1 from "STAR"."DIM_PRODUCT" as d
                    where d."PRODUCT_KEY" = f."PRODUCT_KEY");

select count(*) from "STAR"."FACT_SALES" as f
 where f.load_key > 11 and not exists (select 1 from "STAR"."DIM_DATE" as d
                    where d."DATE_KEY" = f."DATE_KEY");
