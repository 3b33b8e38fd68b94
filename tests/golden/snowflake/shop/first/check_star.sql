select count(*) from (select "DATE_KEY" from "STAR"."DIM_DATE" where true
  group by "DATE_KEY" having count(*) > 1) as doubled;

select count(*) from "STAR"."DIM_DATE" where true and ("DATE_KEY" is null);

select count(*) from (select "CUSTOMER_KEY" from "STAR"."DIM_CUSTOMER" where true
  group by "CUSTOMER_KEY" having count(*) > 1) as doubled;

select count(*) from "STAR"."DIM_CUSTOMER" where true and ("CUSTOMER_KEY" is null);

select count(*) from (
  select *, lead(valid_from) over (partition by "CUSTOMER_ID" order by valid_from) as next_from
    from "STAR"."DIM_CUSTOMER" where "CUSTOMER_KEY" >= 0 and not is_inferred and true) as m
 where valid_from >= valid_to
    or (coalesce(next_from, timestamp '9999-12-31 00:00:00') <> valid_to)
    or is_current <> (valid_to = timestamp '9999-12-31 00:00:00');

select count(*) from (select "CUSTOMER_ID" from "STAR"."DIM_CUSTOMER" where "CUSTOMER_KEY" >= 0 and true and is_current
  group by "CUSTOMER_ID" having count(*) > 1) as doubled;

select count(*) from (select "PRODUCT_KEY" from "STAR"."DIM_PRODUCT" where true
  group by "PRODUCT_KEY" having count(*) > 1) as doubled;

select count(*) from "STAR"."DIM_PRODUCT" where true and ("PRODUCT_KEY" is null);

select count(*) from (select "PRODUCT_ID" from "STAR"."DIM_PRODUCT" where "PRODUCT_KEY" >= 0 and true
  group by "PRODUCT_ID" having count(*) > 1) as doubled;

select count(*) from (select "ORDER_ID" from "STAR"."FACT_SALES" where true
  group by "ORDER_ID" having count(*) > 1) as doubled;

select count(*) from "STAR"."FACT_SALES" where true and ("ORDER_ID" is null);

select count(*) from "STAR"."FACT_SALES" as f
 where not exists (select 1 from "STAR"."DIM_CUSTOMER" as d
                    where d."CUSTOMER_KEY" = f."CUSTOMER_KEY");

select count(*) from "STAR"."FACT_SALES" as f
 where not exists (select 1 from "STAR"."DIM_PRODUCT" as d
                    where d."PRODUCT_KEY" = f."PRODUCT_KEY");

select count(*) from "STAR"."FACT_SALES" as f
 where not exists (select 1 from "STAR"."DIM_DATE" as d
                    where d."DATE_KEY" = f."DATE_KEY");
