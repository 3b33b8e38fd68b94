create temp table __starlode_in as
select `product_id`, `name`
  from (
select cast(`product_id` as string) as `product_id`,
       cast(`name` as string) as `name`
  from (
SELECT
  `products`.`product_id` AS `product_id`,
  `products`.`name` AS `name`
FROM (
  SELECT
    `product_id`,
    `name`
  FROM `staging`.`shop__products`
) AS `products`
  ) as __starlode_said
  ) as __starlode_chosen;

create table `star`.`dim_product` (
  `product_key` int64,
  `product_id` string,
  `name` string,
  `is_inferred` bool,
  `load_key` int64
);

insert into `star`.`dim_product` (`product_key`, `product_id`, `name`, `is_inferred`, `load_key`)
values (-1, null, 'Unknown', false, 1),
       (-2, null, 'Not applicable', false, 1),
       (-3, null, 'Not yet arrived', false, 1);

create table `starlode`.`dim_product keys` (
  `product_id` string,
  `valid_from` datetime,
  `product_key` int64
);

insert into `starlode`.`dim_product keys` (`product_id`, `valid_from`, `product_key`)
select __starlode_d.`product_id`, datetime '0001-01-01 00:00:00', __starlode_d.`product_key`
  from `star`.`dim_product` as __starlode_d
 where __starlode_d.`product_key` > 0 and __starlode_d.`product_id` is not null
   and not exists (select 1 from `starlode`.`dim_product keys` as __starlode_m
                    where __starlode_m.`product_id` = __starlode_d.`product_id` and __starlode_m.valid_from = datetime '0001-01-01 00:00:00');

create temp table __starlode_chain as
select `product_id`, `name`, `__starlode_variants`
  from (select *, count(*) over (partition by `product_id`) as `__starlode_variants`,
               row_number() over (partition by `product_id`
                                  order by `__starlode_votes` desc, `name` nulls last) as `__starlode_choice`
          from (select `product_id`, `name`, count(*) as `__starlode_votes`
                  from __starlode_in where `product_id` is not null
                 group by `product_id`, `name`) as __starlode_counted) as __starlode_numbered
 where `__starlode_choice` = 1;

create temp table __starlode_held as
select * from `star`.`dim_product` as __starlode_d
 where __starlode_d.`product_key` > 0 and (__starlode_d.`product_id`) in (select `product_id` from __starlode_chain);

create temp table __starlode_known as
select * from `starlode`.`dim_product keys` as __starlode_m
 where (__starlode_m.`product_id`) in (select `product_id` from (select __starlode_c.`product_id` from __starlode_chain as __starlode_c
          left join __starlode_held as __starlode_d on __starlode_d.`product_id` = __starlode_c.`product_id` and not __starlode_d.is_inferred
         where __starlode_d.`product_key` is null) as __starlode_asked);

create temp table __starlode_rows as
with waiting as (
        select __starlode_i.`product_id`, __starlode_i.`product_key`, __starlode_m.`product_key` is null as `__starlode_is_free`
          from __starlode_held as __starlode_i
          left join __starlode_known as __starlode_m on __starlode_m.`product_id` = __starlode_i.`product_id` and __starlode_m.`product_key` = __starlode_i.`product_key`
                and __starlode_m.valid_from > datetime '0001-01-01 00:00:00'
         where __starlode_i.is_inferred),
matched as (
        select __starlode_d.`product_key` as `__starlode_held_key`, __starlode_k.`product_key` as `__starlode_known_key`, __starlode_i.`product_key` as `__starlode_waiting_key`,
               case when __starlode_i.`__starlode_is_free` and true then __starlode_i.`product_key` end as `__starlode_taken_key`,
               __starlode_d.`name` is not distinct from __starlode_c.`name` as `__starlode_is_same`,
               __starlode_c.`product_id`, __starlode_c.`name` as `name`
          from __starlode_chain as __starlode_c
          left join __starlode_held as __starlode_d on __starlode_d.`product_id` = __starlode_c.`product_id` and not __starlode_d.is_inferred
          left join __starlode_known as __starlode_k
            on __starlode_k.`product_id` = __starlode_c.`product_id` and __starlode_k.valid_from = case when __starlode_d.`product_key` is null then datetime '0001-01-01 00:00:00' end
          left join waiting as __starlode_i on __starlode_i.`product_id` = __starlode_c.`product_id`),
kept as (
        select *, coalesce(`__starlode_held_key`, `__starlode_known_key`, `__starlode_taken_key`) as `__starlode_kept_key` from matched),
keyed as (
        select *, coalesce(`__starlode_kept_key`, coalesce((select max(`product_key`) from `starlode`.`dim_product keys`), 0)
                    + row_number() over (partition by `__starlode_kept_key` is null
                                         order by `product_id`)) as `product_key`
          from kept)
select `product_key`,
       case when `__starlode_held_key` is not null and `__starlode_is_same` then 'same'
            when `__starlode_held_key` is not null or `__starlode_kept_key` = `__starlode_waiting_key` then 'update'
            else 'insert' end as `__starlode_change`,
       `__starlode_held_key` is null and `__starlode_known_key` is null as `__starlode_is_new_pair`,
       `product_id`, `name`
  from keyed;

insert into `starlode`.`dim_product keys` (`product_id`, `valid_from`, `product_key`)
select `product_id`, datetime '0001-01-01 00:00:00', `product_key`
  from __starlode_rows where `__starlode_is_new_pair`;

insert into `star`.`dim_product` (`product_key`, `product_id`, `name`, is_inferred, load_key)
select `product_key`, `product_id`, `name`, false, 1 from __starlode_rows as __starlode_w where `__starlode_change` <> 'same';
