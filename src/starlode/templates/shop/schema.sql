-- The shop's own database. `changed_at`, `ordered_at` and their like say when something became true; `updated_at` says
-- when a row was written, as of the transaction that wrote it.
create type order_status as enum ('placed', 'paid', 'shipped', 'returned', 'cancelled');
create type sales_channel as enum ('web', 'app', 'store', 'phone');

create table customers (
    customer_id bigint primary key,
    name text not null,
    email text unique,
    segment text not null check (segment in ('private', 'business', 'public')),
    city text not null,
    postal_code text,
    credit_limit numeric(12, 2),
    preferences jsonb not null default '{}',
    registered_at timestamptz not null,
    changed_at timestamptz not null,
    updated_at timestamptz not null default now()
);

create table products (
    product_id integer primary key,
    sku text not null unique,
    name text not null,
    category text not null,
    list_price numeric(12, 2) not null check (list_price > 0),
    weight_kg numeric(8, 3),
    attributes jsonb not null,
    changed_at timestamptz not null,
    updated_at timestamptz not null default now()
);

create table orders (
    order_id bigint primary key,
    customer_id bigint not null references customers,
    channel sales_channel not null,
    status order_status not null default 'placed',
    ordered_at timestamptz not null,
    note text,
    updated_at timestamptz not null default now()
);

create table order_lines (
    order_id bigint not null references orders,
    line_no smallint not null,
    product_id integer not null references products,
    quantity integer not null check (quantity > 0),
    unit_price numeric(12, 2) not null,
    discount numeric(5, 4) not null default 0,
    amount numeric(12, 2) not null generated always as (round(quantity * unit_price * (1 - discount), 2)) stored,
    primary key (order_id, line_no)
);

create table shipments (
    shipment_id bigint primary key,
    order_id bigint not null,
    line_no smallint not null,
    carrier text,
    shipped_at timestamptz not null,
    delivered_at timestamptz,
    updated_at timestamptz not null default now(),
    unique (order_id, line_no),
    foreign key (order_id, line_no) references order_lines on delete cascade
);

create index on customers (updated_at);
create index on products (updated_at);
create index on orders (updated_at);
create index on shipments (updated_at);

create function touch() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end
$$;

create trigger touch before update on customers for each row execute function touch();
create trigger touch before update on products for each row execute function touch();
create trigger touch before update on orders for each row execute function touch();
create trigger touch before update on shipments for each row execute function touch();

-- A line has no moment of its own: whoever corrects or removes one touches its order.
create function touch_order() returns trigger language plpgsql as $$
begin
    update orders set updated_at = now() where order_id = old.order_id;
    return null;
end
$$;

create trigger touch_order after update or delete on order_lines for each row execute function touch_order();
