select row_id
from star.fact_sales
where ship_date < order_date
