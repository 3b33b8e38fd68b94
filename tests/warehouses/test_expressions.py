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
from starlode.warehouses.duckdb import DuckDB
from starlode.warehouses.postgres import Postgres
from starlode.warehouses.redshift import Redshift as RedshiftWarehouse
from tests.warehouses.expressions import ROWS, SAID, TABLE, UNSAID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.session import Session
    from tests.postgres_server import Server
    from tests.redshift_double import Redshift
    from tests.s3.servers import Server as Bucketeer


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
