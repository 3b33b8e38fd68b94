-- The system tells tax and freight of an order, and the questions are about its lines. So each line gets its share by what it
-- costs, in whole cents towards zero, and the cents that are left go to the order's last line: the lines of an order come to
-- what the order says, to the cent. Where all lines cost nothing, the last one carries everything.
with totals as (
    select order_id, cast(sum(amount) * 100 as bigint) as cents, max(line_no) as last_line
    from erp.order_lines
    group by order_id
),

-- What the lines of an order get by what they cost; the rest is for the last one.
shares as (
    select
        p.order_id,
        min(t.cents) as cents,
        min(t.last_line) as last_line,
        cast(sum(coalesce(o.tax * cast(p.amount * 100 as bigint) // nullif(t.cents, 0), 0)) as bigint) as tax,
        cast(sum(coalesce(o.freight * cast(p.amount * 100 as bigint) // nullif(t.cents, 0), 0)) as bigint) as freight
    from erp.order_lines as p
    join (
        select order_id, cast(tax * 100 as bigint) as tax, cast(freight * 100 as bigint) as freight
        from erp.orders
    ) as o on o.order_id = p.order_id
    join totals as t on t.order_id = p.order_id
    group by p.order_id
),

lines as (
    select
        l.*,
        o.customer_id,
        o.channel,
        o.ordered_on,
        o.due_on,
        d.delivered_on,
        date_diff('day', o.ordered_on, d.delivered_on) as days_to_deliver,
        coalesce(o.tax * l.cents // nullif(s.cents, 0), 0)
        + case when l.line_no = s.last_line then o.tax - s.tax else 0 end as tax_cents,
        coalesce(o.freight * l.cents // nullif(s.cents, 0), 0)
        + case when l.line_no = s.last_line then o.freight - s.freight else 0 end as freight_cents
    from (select *, cast(amount * 100 as bigint) as cents from erp.order_lines) as l
    join (
        select
            order_id,
            customer_id,
            channel,
            ordered_on,
            due_on,
            cast(tax * 100 as bigint) as tax,
            cast(freight * 100 as bigint) as freight
        from erp.orders
    ) as o on o.order_id = l.order_id
    left join shares as s on s.order_id = l.order_id
    left join erp.deliveries as d on d.order_id = l.order_id
)

select
    order_id,
    line_no,
    customer_id,
    product_id,
    channel,
    ordered_on,
    due_on,
    delivered_on,
    days_to_deliver,
    case
        when days_to_deliver is null then 'open'
        when days_to_deliver <= 3 then 'fast'
        when days_to_deliver <= 7 then 'usual'
        when days_to_deliver <= 14 then 'slow'
        else 'late'
    end as delivery_class,
    quantity,
    unit_price,
    discount,
    amount,
    cast(tax_cents * 0.01 as decimal(12, 2)) as tax,
    cast(freight_cents * 0.01 as decimal(12, 2)) as freight,
    cast(amount + tax_cents * 0.01 + freight_cents * 0.01 as decimal(12, 2)) as total
from lines
