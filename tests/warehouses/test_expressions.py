"""What users' SELECTs say means the same on every warehouse, or is refused: an error, and never another result."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from starlode.errors import StarlodeError
from starlode.ledger import prepare
from starlode.sql import select, staging
from starlode.sql.ledger import create_schema
from starlode.star import Select
from starlode.steps.spoken import spoken
from starlode.warehouses.bigquery import BigQuery as BigQueryWarehouse
from starlode.warehouses.duckdb import DuckDB
from starlode.warehouses.postgres import Postgres
from starlode.warehouses.redshift import Redshift as RedshiftWarehouse
from starlode.warehouses.snowflake import Snowflake
from tests.warehouses.expressions import (
    NOT_IN_BIGQUERY,
    NOT_IN_SNOWFLAKE,
    NOT_ON_THE_DOUBLE_OF_SNOWFLAKE,
    ROWS,
    SAID,
    TABLE,
    UNSAID,
    WRITTEN_OTHERWISE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlode.session import Session
    from tests.postgres_server import Server
    from tests.redshift_double import Redshift
    from tests.s3.servers import Server as Bucketeer

# How many expressions are asked for in one SELECT.
AT_ONCE = 25


@pytest.fixture(scope="module")
def embedded() -> Iterator[Session]:
    session = DuckDB(Path(":memory:")).connect()
    yield _filled(session)
    session.close()


@pytest.fixture(scope="module")
def server(postgres_server: Server) -> Iterator[Session]:
    with postgres_server.fresh_database() as url:
        session = Postgres.named(url, Path()).connect()
        yield _filled(session)
        session.close()


@pytest.mark.parametrize("expression", SAID)
def test_an_expression_means_the_same(expression: str, embedded: Session, server: Session) -> None:
    assert _answers(expression, server) == _answers(expression, embedded)


@pytest.mark.parametrize("expression", UNSAID)
def test_what_cannot_be_said_is_refused(expression: str, embedded: Session, server: Session) -> None:
    assert len(_answers(expression, embedded)) == len(ROWS)

    with pytest.raises(StarlodeError):
        _answers(expression, server)


def test_redshift_gives_no_other_result(
    embedded: Session, redshift_double: Redshift, semantics: Bucketeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The double does not know every function that Redshift has, and refuses those too."""
    for variable, said in semantics.environment.items():
        monkeypatch.setenv(variable, said)
    with redshift_double.fresh_database() as target:
        session = _filled(RedshiftWarehouse.named(target, Path()).connect())
        given = {expression: _given(expression, session) for expression in (*SAID, *UNSAID)}
        session.close()

    answered = {expression: answers for expression, answers in given.items() if answers is not None}
    assert {e: found for e, found in answered.items() if found != _answers(e, embedded)} == {}
    assert len(answered) > 200


def test_bigquery_means_the_same_or_refuses(embedded: Session, bigquery: str) -> None:
    session = _filled(BigQueryWarehouse.named(bigquery, Path()).connect())
    _are_alike([e for e in (*SAID, *UNSAID) if e not in (*NOT_IN_BIGQUERY, *WRITTEN_OTHERWISE)], embedded, session)
    refused = [e for e in NOT_IN_BIGQUERY if _given(e, session) is not None]
    written = _answers("cast(d as text)", session)
    session.close()

    assert refused == []
    assert [told for _, told in written] == ["12.3456", "-12.345", "0.005", "99.995", None]


def test_snowflake_means_the_same_or_refuses(embedded: Session, snowflake: str) -> None:
    session = _filled(Snowflake.named(snowflake, Path()).connect())
    unknown = (*NOT_IN_SNOWFLAKE, *NOT_ON_THE_DOUBLE_OF_SNOWFLAKE)
    _are_alike([e for e in (*SAID, *UNSAID) if e not in unknown], embedded, session)
    refused = [e for e in unknown if _given(e, session) is not None]
    session.close()

    assert refused == []


def _are_alike(expressions: Sequence[str], embedded: Session, session: Session) -> None:
    """Whether expressions mean the same in a warehouse, many in one SELECT."""
    for start in range(0, len(expressions), AT_ONCE):
        some = expressions[start : start + AT_ONCE]
        assert _columns(some, session) == _columns(some, embedded)


def _columns(expressions: Sequence[str], session: Session) -> dict[str, list[Any]]:
    """What each expression gives, row by row."""
    listed = ", ".join(f"{expression} as e{number}" for number, expression in enumerate(expressions))
    tree = select.parse(Select(f"select v.id, {listed} from app.v as v", "said.sql"))
    rows = session.rows(f"{spoken(tree, {'app.v': TABLE}, session.dialect)}\n order by 1")
    columns = list(zip(*rows, strict=True))[1:]
    return {e: [_plain(cell) for cell in column] for e, column in zip(expressions, columns, strict=True)}


def _given(expression: str, session: Session) -> list[tuple[int, Any]] | None:
    """What the warehouse answers, or nothing where it refuses to."""
    try:
        return _answers(expression, session)
    except StarlodeError:
        return None


def _filled(session: Session) -> Session:
    prepare(session)
    session.execute(create_schema(session.dialect, TABLE.schema))
    session.execute(staging.create(session.dialect, TABLE))
    session.insert(TABLE, ROWS)
    return session


def _answers(expression: str, session: Session) -> list[tuple[int, Any]]:
    tree = select.parse(Select(f"select v.id, {expression} as said from app.v as v", "said.sql"))
    text = spoken(tree, {"app.v": TABLE}, session.dialect)
    return [(key, _plain(cell)) for key, cell in session.rows(f"{text}\n order by 1")]


def _plain(cell: Any) -> Any:
    """A value as it is in every warehouse: a decimal without a fraction is a whole number."""
    if isinstance(cell, Decimal) and cell == int(cell):
        return int(cell)
    if isinstance(cell, float):
        return repr(round(cell, 12))
    return cell
