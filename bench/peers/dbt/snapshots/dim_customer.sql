{% snapshot dim_customer %}
{{ config(target_schema='star', unique_key='customer_id', strategy='timestamp', updated_at='updated_at') }}
select customer_id, name, city, segment, updated_at from read_parquet('customers.parquet')
{% endsnapshot %}
