-- What a shop's till exports: everything about a line in one row, as often as there are lines.
create table sales (
    row_id bigint primary key,
    order_id text not null,
    order_date date not null,
    ship_date date,
    ship_mode text not null,
    customer_id text not null,
    customer_name text not null,
    segment text not null,
    country text not null,
    region text not null,
    city text not null,
    postal_code text,
    product_id text not null,
    category text not null,
    sub_category text not null,
    product_name text not null,
    quantity integer not null,
    discount numeric(3, 2) not null,
    sales numeric(12, 4) not null,
    profit numeric(12, 4) not null
);
