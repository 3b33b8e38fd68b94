-- How it was shipped stays on the line: one order date has several ways of shipping, so it is no attribute of a day.
select
    row_id,
    order_id,
    order_date,
    ship_date,
    ship_mode,
    product_id,
    customer_id,
    country,
    postal_code,
    quantity,
    discount,
    sales,
    profit
from shop.sales
