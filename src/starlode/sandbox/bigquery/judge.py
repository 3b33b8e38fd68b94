"""Google's own parser and type-checker as a process: a line is a statement with its tables, and then what is wrong with it.

It runs in an environment that has `zetasql`, and knows nothing of Starlode. What the package compiles at its start takes a
core 25 seconds, so it is kept in a file of the environment. Columns, types and functions are checked, and no rows.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wasmtime
from zetasql.core import wasm_client
from zetasql.core.exceptions import ZetaSQLError
from zetasql.core.local_service import ZetaSqlLocalService
from zetasql.types import (
    AnalyzeRequest,
    AnalyzerOptions,
    LanguageOptions,
    ProductMode,
    ResolvedNodeKind,
    SimpleCatalog,
    SimpleColumn,
    SimpleTable,
    Type,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)

KEPT = Path(sys.prefix) / "zetasql.compiled"
# How many sets of tables are known at a time; those go that no statement has asked for longest.
MOST = 60
KINDS = {"INTEGER": "INT64", "FLOAT": "DOUBLE", "BOOLEAN": "BOOL"}


def keep_compiled() -> None:
    """Let the package take its compiled module from a file, made when there is none that fits."""
    compile_it = wasmtime.Module.from_file

    def from_file(engine: Any, path: str) -> Any:
        # Whoever comes first compiles it, and the others wait for that.
        with KEPT.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            held = _kept(engine)
            if held is not None:
                return held
            beside = KEPT.with_suffix(".part")
            beside.write_bytes(compile_it(engine, path).serialize())
            beside.rename(KEPT)
        return _kept(engine)

    wasmtime.Module.from_file = staticmethod(from_file)


def _kept(engine: Any) -> Any:
    """The compiled module; None where there is none, or one for another processor, version or way."""
    try:
        return wasmtime.Module.deserialize_file(engine, str(KEPT))
    except wasmtime.WasmtimeError:
        return None


def quicken() -> None:
    """Let bytes go in and out at once, not one by one."""

    def address(client: Any) -> int:
        return ctypes.addressof(client.memory.data_ptr().contents)

    def write(client: Any, pointer: int, data: bytes) -> None:
        ctypes.memmove(address(client) + pointer, data, len(data))

    def read(client: Any, pointer: int, size: int) -> bytes:
        return ctypes.string_at(address(client) + pointer, size)

    wasm_client.WasmClient.write_bytes = write
    wasm_client.WasmClient.read_bytes = read


@dataclass
class Told:
    """Tables that the checker was told of, by their names in small letters, each with its path and columns."""

    registered: int
    tables: dict[str, tuple[Any, Any]]

    def fits(self, named: dict[str, tuple[Any, Any]]) -> bool:
        """Whether each table that a statement names is told of as it is: one without columns is not there."""
        return all(self.tables.get(name, (path, [])) == (path, columns) for name, (path, columns) in named.items())


class Judge:
    """Says what is wrong with statements."""

    def __init__(self) -> None:
        self._service = ZetaSqlLocalService()
        language = LanguageOptions.maximum_features()
        language.product_mode = ProductMode.PRODUCT_EXTERNAL
        language.supported_statement_kinds = [kind for kind in ResolvedNodeKind if kind.name.endswith("_STMT")]
        self._options = AnalyzerOptions(
            language_options=language, allow_undeclared_parameters=True, default_timezone="UTC"
        )
        self._functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
        # To say what there is takes longer than to judge, so what was said last is kept.
        self._told: list[Told] = []

    def wrong(self, sql: str, tables: list[Any]) -> str:
        """What is wrong with a statement that names these tables, none of which lacks columns unless it is not there."""
        catalog = self._catalog({".".join(path).lower(): (path, columns) for path, columns in tables})
        request = AnalyzeRequest(sql_statement=sql, options=self._options, registered_catalog_id=catalog)
        try:
            self._service.wasm_client._call_grpc_method(
                "ZetaSqlLocalService_Analyze", request.to_proto().SerializeToString()
            )
        except ZetaSQLError as error:
            return re.sub(r"^\[\w+\] ", "", str(error).splitlines()[0])
        return ""

    def _catalog(self, named: dict[str, tuple[Any, Any]]) -> int:
        """What the checker is told of tables, such that a statement which names these finds them as they are."""
        fitting = next((known for known in reversed(self._told) if known.fits(named)), None)
        if fitting is None:
            there = {name: told for name, told in named.items() if told[1]}
            registered = self._service.register_catalog(simple_catalog=self._simple([*there.values()])).registered_id
            fitting = Told(registered, there)
        else:
            self._told.remove(fitting)
        self._told.append(fitting)
        if len(self._told) > MOST:
            self._service.unregister_catalog(registered_id=self._told.pop(0).registered)
        return fitting.registered

    def _simple(self, tables: list[Any]) -> Any:
        root = SimpleCatalog(name="project", builtin_function_options=self._functions)
        below: dict[str, Any] = {}
        for path, columns in tables:
            held = root
            for name in path[:-1]:
                if name not in below:
                    below[name] = SimpleCatalog(name=name)
                    root.catalog.append(below[name])
                held = below[name]
            held.table.append(SimpleTable(name=path[-1], column=[_column(*column) for column in columns]))
        return root


def _column(name: str, kind: str) -> Any:
    word = KINDS.get(kind, kind)
    return SimpleColumn(name=name, type=Type(type_kind=TypeKind[f"TYPE_{word}"]), is_writable_column=True)


def main() -> None:
    """Judge each line until there are no more."""
    keep_compiled()
    quicken()
    judge = Judge()
    print(json.dumps("ready"), flush=True)  # noqa: T201  whoever started it reads this
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(judge.wrong(asked["sql"], asked["tables"])), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
