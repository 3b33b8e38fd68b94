"""What the double of Redshift refuses, because Redshift does or because the double does not know it."""

from __future__ import annotations

import pytest

from starlode.sandbox.redshift.copying import parse_copy
from starlode.sandbox.redshift.judging import judge
from starlode.sandbox.redshift.refused import Refused
from starlode.sandbox.redshift.rewriting import rewrite


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) filter (where a > 1) from t",
        "select a from t where a is not distinct from b",
        "select distinct on (a) a, b from t",
        "select a from t, lateral (select 1) as l",
        "insert into t values (1) on conflict do nothing",
        "insert into t values (1) returning a",
        "delete from t as d where d.a = 1",
        "create index by_a on t (a)",
        "create unlogged table t (a integer)",
        "create table t (a bigint generated always as identity)",
        'create table t (a bigint) diststyle key distkey ("b")',
        "create table t (a bigint, b super) compound sortkey (a, b)",
        "create table t (a bigint) compound sortkey (b)",
        "create table t (a varchar(10) encode az64)",
        "create table t (a bigint encode text255)",
        "create function f() returns integer as $$ select 1 $$ language sql",
        "alter table t add column a integer, add column b integer",
        "alter table t alter column a type bigint",
        "select ctid from t",
        "select lead(a, 1, 0) over (order by a) from t",
        "select first_value(a) over (partition by b order by c) from t",
        "select sum(a) over w from t window w as (partition by b)",
        "select * from (values (1)) as v (a)",
        "select a -> 'b' from t",
        "select a as raw from t",
        'select a collate "C" from t',
        "select e.a from e where not exists (select 1 from l where not exists (select 1 from s where e.a = s.a))",
    ],
)
def test_a_form_that_redshift_does_not_have_is_refused(sql: str) -> None:
    with pytest.raises(Refused):
        judge(sql, is_in_block=False)


@pytest.mark.parametrize(
    "call",
    [
        *("hashtextextended('a', 0)", "generate_series(1, 2)", "string_agg(a, ',')", "now()", "jsonb_array_length(a)"),
        *("array[1, 2]", "array_agg(a)", "to_regclass('t')", "unnest(a)", "pg_advisory_lock(1)", "concat_ws(',', a)"),
    ],
)
def test_a_function_of_postgresql_is_refused(call: str) -> None:
    with pytest.raises(Refused):
        judge(f"select {call} from t", is_in_block=False)


@pytest.mark.parametrize("kind", ["jsonb", "bytea", "uuid", "inet", "xml"])
def test_a_type_of_postgresql_is_refused(kind: str) -> None:
    with pytest.raises(Refused):
        judge(f"create table t (a {kind})", is_in_block=False)


@pytest.mark.parametrize(
    "sql", ["merge into t using u on t.a = u.a when matched then delete", "explain select 1", "call p()"]
)
def test_what_the_double_does_not_know_is_refused(sql: str) -> None:
    with pytest.raises(Refused):
        judge(sql, is_in_block=False)


def test_a_column_is_widened_outside_of_a_transaction_only() -> None:
    widen = "alter table t alter column a type varchar(300)"

    judge(widen, is_in_block=False)

    with pytest.raises(Refused) as refused:
        judge(widen, is_in_block=True)
    assert "transaction block" in refused.value.message


@pytest.mark.parametrize(
    "sql",
    [
        "create table t (a bigint identity(1,1), b varchar(256) encode zstd, c super) diststyle key distkey(a) sortkey(b)",
        "select dateadd(day, 1, a), datediff(microsecond, a, b), getdate(), nvl(a, b), fnv_hash(a, 0) from t",
        "select try_cast(nullif(trim(a), '') as decimal(10,2)), json_serialize(object('a', b)) from t",
        "create view s.v as select a from s.t with no schema binding",
        "create temp table x as with a as (select 1 as b) select * from a",
        "update t as d set a = w.b from (select 1 as b) as w where d.a = w.b",
        "delete from t where (a, b) in (select a, b from w)",
    ],
)
def test_what_redshift_takes_is_taken(sql: str) -> None:
    assert judge(sql, is_in_block=True) is not None


def test_a_statement_is_said_word_by_word_in_the_other_words() -> None:
    said = rewrite('select dateadd(day, 1, a), object(\'super\', "t"."C"."k"[0]) from t', folds=True)

    assert said == "select dateadd_day( 1, a), jsonb_build_object('super', \"t\".\"c\"->'k'->0) from t"


def test_a_text_has_so_many_bytes_and_not_letters() -> None:
    said = rewrite('create table t ("a" varchar(3) encode zstd, b super) sortkey auto', folds=False)

    assert 'check (octet_length("a") <= 3)' in said
    assert "encode" not in said
    assert "sortkey" not in said


@pytest.mark.parametrize(
    "options",
    [
        *(
            "format parquet",
            "iam_role default format parquet maxerror 5",
            "iam_role default format parquet compupdate off",
        ),
        *("iam_role default", "iam_role default format orc", "credentials 'a=b' format parquet"),
    ],
)
def test_a_copy_that_redshift_or_the_double_does_not_take_is_refused(options: str) -> None:
    with pytest.raises(Refused):
        parse_copy(f"copy t from 's3://b/k' {options}")


def test_a_copy_is_read_with_its_options() -> None:
    copy = parse_copy("copy \"s\".\"t\" (a, \"b\") from 's3://b/it''s' iam_role 'arn:x' format as parquet manifest")

    assert (copy.table, copy.columns, copy.url) == ('"s"."t"', ("a", '"b"'), "s3://b/it's")
    assert (copy.role, copy.format, copy.is_manifest) == ("arn:x", "parquet", True)
