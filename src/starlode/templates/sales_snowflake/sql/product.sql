-- Categories and their groups are one list, which is joined twice; a product of a category that nobody knows stays.
select
    p.product_id,
    p.name,
    c.name as category,
    g.name as category_group,
    p.list_price,
    p.weight_kg,
    p.changed_on
from erp.products as p
left join erp.categories as c on c.category_id = p.category_id
left join erp.categories as g on g.category_id = c.parent_id
