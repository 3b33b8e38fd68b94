-- A postal code names a place in its country only: 1000 is Brussels in Belgium and Lausanne in Switzerland.
select country, postal_code, city, region
from shop.sales
where postal_code is not null
