-- One order date has several ways of shipping: a modelling mistake that the run reports.
select order_date, ship_date, ship_mode
from shop.sales
