MODEL (
  name star.dim_customer,
  kind SCD_TYPE_2_BY_TIME (
    unique_key customer_id,
    updated_at_name updated_at,
    updated_at_as_valid_from true
  )
);
select
  customer_id::bigint as customer_id, name::text as name, city::text as city, segment::text as segment,
  updated_at::timestamp as updated_at
from read_parquet('customers.parquet')
