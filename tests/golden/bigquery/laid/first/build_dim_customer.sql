create temp table __starlode_in as
select `customer_id`, `city`, cast(`changed_at` as datetime) as `__starlode_seen_at`
  from (
select cast(`customer_id` as string) as `customer_id`,
       cast(`city` as string) as `city`,
       cast(`changed_at` as datetime) as `changed_at`
  from (
SELECT
  `customers`.`customer_id` AS `customer_id`,
  `customers`.`city` AS `city`,
  `customers`.`changed_at` AS `changed_at`
FROM (
  SELECT
    `customer_id`,
    `city`,
    `changed_at`
  FROM `staging`.`shop__customers seen`
) AS `customers`
  ) as __starlode_said
  ) as __starlode_chosen;

create table `star`.`dim_customer` (
  `customer_key` int64,
  `customer_id` string,
  `city` string,
  `valid_from` datetime,
  `valid_to` datetime,
  `is_current` bool,
  `is_inferred` bool,
  `load_key` int64
)
cluster by `customer_id`, `city`;

insert into `star`.`dim_customer` (`customer_key`, `customer_id`, `city`, `valid_from`, `valid_to`, `is_current`, `is_inferred`, `load_key`)
values (-1, null, 'Unknown', datetime '0001-01-01 00:00:00', datetime '9999-12-31 00:00:00', true, false, 1),
       (-2, null, 'Not applicable', datetime '0001-01-01 00:00:00', datetime '9999-12-31 00:00:00', true, false, 1),
       (-3, null, 'Not yet arrived', datetime '0001-01-01 00:00:00', datetime '9999-12-31 00:00:00', true, false, 1);

create table `starlode`.`dim_customer keys` (
  `customer_id` string,
  `valid_from` datetime,
  `customer_key` int64
);

insert into `starlode`.`dim_customer keys` (`customer_id`, `valid_from`, `customer_key`)
select __starlode_d.`customer_id`, __starlode_d.valid_from, __starlode_d.`customer_key`
  from `star`.`dim_customer` as __starlode_d
 where __starlode_d.`customer_key` > 0 and __starlode_d.`customer_id` is not null
   and not exists (select 1 from `starlode`.`dim_customer keys` as __starlode_m
                    where __starlode_m.`customer_id` = __starlode_d.`customer_id` and __starlode_m.valid_from = __starlode_d.valid_from);

create temp table __starlode_chain as
with marked as (
        select `customer_id`, `city`, `__starlode_seen_at` as valid_from,
               row_number() over (partition by `customer_id` order by `__starlode_seen_at`, `city` nulls first) > 1
               and `city` is not distinct from lag(`city`) over (partition by `customer_id` order by `__starlode_seen_at`, `city` nulls first) as `__starlode_is_repeat`
          from __starlode_in
         where `customer_id` is not null and `__starlode_seen_at` is not null)
select `customer_id`, `city`, valid_from,
       coalesce(lead(valid_from) over (partition by `customer_id` order by valid_from), datetime '9999-12-31 00:00:00') as valid_to
  from marked where not `__starlode_is_repeat`;

create temp table __starlode_held as
select * from `star`.`dim_customer` as __starlode_d
 where __starlode_d.`customer_key` > 0 and (__starlode_d.`customer_id`) in (select `customer_id` from __starlode_chain);

create temp table __starlode_known as
select * from `starlode`.`dim_customer keys` as __starlode_m
 where (__starlode_m.`customer_id`) in (select `customer_id` from (select __starlode_c.`customer_id` from __starlode_chain as __starlode_c
          left join __starlode_held as __starlode_d on __starlode_d.`customer_id` = __starlode_c.`customer_id` and __starlode_d.`valid_from` = __starlode_c.`valid_from` and not __starlode_d.is_inferred
         where __starlode_d.`customer_key` is null) as __starlode_asked);

create temp table __starlode_rows as
with waiting as (
        select __starlode_i.`customer_id`, __starlode_i.`customer_key`, __starlode_m.`customer_key` is null as `__starlode_is_free`
          from __starlode_held as __starlode_i
          left join __starlode_known as __starlode_m on __starlode_m.`customer_id` = __starlode_i.`customer_id` and __starlode_m.`customer_key` = __starlode_i.`customer_key`
                and __starlode_m.valid_from > datetime '0001-01-01 00:00:00'
         where __starlode_i.is_inferred or __starlode_i.valid_from = datetime '0001-01-01 00:00:00'),
matched as (
        select __starlode_d.`customer_key` as `__starlode_held_key`, __starlode_k.`customer_key` as `__starlode_known_key`, __starlode_i.`customer_key` as `__starlode_waiting_key`,
               case when __starlode_i.`__starlode_is_free` and row_number() over (partition by __starlode_c.`customer_id` order by __starlode_c.valid_from) = 1 then __starlode_i.`customer_key` end as `__starlode_taken_key`,
               __starlode_d.`city` is not distinct from __starlode_c.`city` and __starlode_d.`valid_from` is not distinct from __starlode_c.valid_from and __starlode_d.`valid_to` is not distinct from __starlode_c.valid_to and __starlode_d.`is_current` is not distinct from (__starlode_c.valid_to = datetime '9999-12-31 00:00:00') as `__starlode_is_same`,
               __starlode_c.`customer_id`, __starlode_c.`city` as `city`, __starlode_c.valid_from as `valid_from`, __starlode_c.valid_to as `valid_to`, (__starlode_c.valid_to = datetime '9999-12-31 00:00:00') as `is_current`
          from __starlode_chain as __starlode_c
          left join __starlode_held as __starlode_d on __starlode_d.`customer_id` = __starlode_c.`customer_id` and __starlode_d.`valid_from` = __starlode_c.`valid_from` and not __starlode_d.is_inferred
          left join __starlode_known as __starlode_k
            on __starlode_k.`customer_id` = __starlode_c.`customer_id` and __starlode_k.valid_from = case when __starlode_d.`customer_key` is null then __starlode_c.valid_from end
          left join waiting as __starlode_i on __starlode_i.`customer_id` = __starlode_c.`customer_id`),
kept as (
        select *, coalesce(`__starlode_held_key`, `__starlode_known_key`, `__starlode_taken_key`) as `__starlode_kept_key` from matched),
keyed as (
        select *, coalesce(`__starlode_kept_key`, coalesce((select max(`customer_key`) from `starlode`.`dim_customer keys`), 0)
                    + row_number() over (partition by `__starlode_kept_key` is null
                                         order by `customer_id`, `valid_from`)) as `customer_key`
          from kept)
select `customer_key`,
       case when `__starlode_held_key` is not null and `__starlode_is_same` then 'same'
            when `__starlode_held_key` is not null or `__starlode_kept_key` = `__starlode_waiting_key` then 'update'
            else 'insert' end as `__starlode_change`,
       `__starlode_held_key` is null and `__starlode_known_key` is null as `__starlode_is_new_pair`,
       `customer_id`, `city`, `valid_from`, `valid_to`, `is_current`
  from keyed;

insert into `starlode`.`dim_customer keys` (`customer_id`, `valid_from`, `customer_key`)
select `customer_id`, valid_from, `customer_key`
  from __starlode_rows where `__starlode_is_new_pair`;

insert into `star`.`dim_customer` (`customer_key`, `customer_id`, `city`, `valid_from`, `valid_to`, `is_current`, is_inferred, load_key)
select `customer_key`, `customer_id`, `city`, `valid_from`, `valid_to`, `is_current`, false, 1 from __starlode_rows as __starlode_w where `__starlode_change` <> 'same';
