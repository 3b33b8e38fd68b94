"""The process of the double: fakesnow's server on a port of loopback, with what it lacks.

`python -m starlode.sandbox.snowflake.serve PORT` reads from the variable STARLODE_DOUBLE, as JSON, who may come in: for each
user a password or a token, or the public key of one who signs, `reads` for one who may only read, and `idle`, the seconds
that a transaction may stand in others' way while its session says nothing; `warehouses` and `roles` that there are.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from decimal import Decimal
from typing import Any

import fakesnow.arrow
import fakesnow.conn
import fakesnow.copy_into
import fakesnow.cursor
import fakesnow.server as server
import jwt
import pyarrow as pa
import uvicorn
from fakesnow.cursor import FakeSnowflakeCursor
from starlette.responses import JSONResponse
from starlette.routing import Route

from starlode.sandbox.snowflake.gaps import NOT_IMITATED
from starlode.sandbox.snowflake.otherwise import meant
from starlode.sandbox.snowflake.plainly import is_plain, plain, read_once, whole
from starlode.sandbox.snowflake.standing import IDLE, World, copied_from

ANSWERS_KEPT = 100
# The virtual warehouses and the roles that there are, where nobody says others.
WAREHOUSES, ROLES = ("load",), ("loader",)


def main(port: int, told: Any) -> None:
    """Serve until the process is ended."""
    world = World()
    _stand_in(world)
    _tell_exactly()
    server.parse_one = fakesnow.cursor.parse_one = read_once(fakesnow.cursor.parse_one)
    users = told["users"]
    there = {"warehouse": told.get("warehouses", WAREHOUSES), "roleName": told.get("roles", ROLES)}
    enter = server.login_request

    async def login(request: Any) -> JSONResponse:
        body = await request.body()
        asked = json.loads(gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body)
        user = users.get(str(asked["data"].get("LOGIN_NAME", "")).lower())
        if user is None or not _is_let_in(user, asked["data"]):
            return JSONResponse(
                {
                    "data": {},
                    "code": "390100",
                    "message": "Incorrect username or password was specified.",
                    "success": False,
                }
            )
        answer = await enter(request)
        return _entered(json.loads(bytes(answer.body)), request.query_params, user, there)

    async def session(request: Any) -> JSONResponse:
        if request.query_params.get("delete"):
            held = server.sessions.get(server.to_token(request))
            if held is not None:
                world.leave(held)
        answer: JSONResponse = await leave(request)
        return answer

    async def query(request: Any) -> Any:
        """A request that comes again, as its answer was lost, is not carried out again."""
        number = request.query_params.get("requestId")
        if number not in answered:
            try:
                answered[number] = await ask(request)
            except server.ServerError as error:
                # Told as it is, a client would ask again and again for minutes.
                told = "the double cannot carry this statement out"
                data = {"errorCode": error.code, "sqlState": "XX000"}
                return JSONResponse({"data": data, "code": error.code, "message": told, "success": False})
            if len(answered) > ANSWERS_KEPT:
                answered.pop(next(iter(answered)))
        return answered[number]

    answered: dict[Any, Any] = {}
    leave, ask = server.session, server.query_request
    own = {"/session/v1/login-request": login, "/session": session, "/queries/v1/query-request": query}
    for number, route in enumerate(server.app.routes):
        if route.path in own:
            server.app.routes[number] = Route(route.path, own[route.path], methods=["POST"])
    server.app.routes.append(Route("/telemetry/send", lambda _: JSONResponse({"success": True}), methods=["POST"]))
    server.app.routes.append(Route("/ready", lambda _: JSONResponse({"success": True}), methods=["GET"]))
    for gap in NOT_IMITATED:
        print(f"the double of Snowflake does not imitate {gap}", flush=True)  # noqa: T201
    uvicorn.run(server.app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def _stand_in(world: World) -> None:
    """Let statements go through the world, files come by the file system, and nothing be made by a login."""

    class Cursor(FakeSnowflakeCursor):  # type: ignore[misc]
        def execute(self, command: str, params: Any = None, *args: Any, **told: Any) -> Any:
            self.given, self.told = params, told
            return world.carry(self, command, lambda sql: FakeSnowflakeCursor.execute(self, sql, params, *args, **told))

        def _transform(self, expression: Any, params: Any) -> Any:
            return plain(expression) if is_plain(expression) else super()._transform(meant(expression), params)

        def _execute(self, transformed: Any, params: Any = None) -> None:
            super()._execute(transformed, params)
            self.gave = self._duck_conn.description

        def _describe_last_sql(self) -> Any:
            return [(name, str(kind), *rest[:4]) for name, kind, *rest in self.gave]

    fakesnow.conn.FakeSnowflakeCursor = Cursor
    server.gcs_stage_info = lambda _request, _expr, data: data["stageInfo"]
    server.shared_fs.create_database_on_connect = False
    server.shared_fs.create_schema_on_connect = False
    fakesnow.copy_into._source_urls = copied_from(fakesnow.copy_into._source_urls)
    # Lengths of texts are kept in a database of their own, which no transaction can write to beside another one.
    measured = fakesnow.cursor.transforms.extract_text_length

    def unmeasured(expression: Any) -> Any:
        found = measured(expression)
        found.args.pop("text_lengths", None)
        return found

    fakesnow.cursor.transforms.extract_text_length = unmeasured


def _tell_exactly() -> None:
    """Let numbers and moments come and go as they are."""
    # A sum of decimals is exact; fakesnow makes doubles of them, for the sake of texts that are summed up.
    fakesnow.cursor.transforms.numeric_agg_implicit_cast = lambda expression: expression
    # A number without digits after the point has as many before it as 64 bits, or as there are.
    described = server.describe_as_rowtype

    def numbered(found: Any) -> Any:
        kinds = [kind for _, kind, *_ in found]
        told = described(found)
        for column, kind in zip(told, kinds, strict=True):
            if kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"):
                column["precision"] = 19
        return told

    server.describe_as_rowtype = numbered
    fakesnow.cursor.transforms.integer_precision = whole
    # A moment that nobody knows would be told as the first of 1970.
    told_as = fakesnow.arrow.timestamp_to_sf_struct

    def moments(held: Any) -> Any:
        whole = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
        parts = told_as(whole)
        return pa.StructArray.from_arrays(parts.flatten(), fields=list(parts.type), mask=whole.is_null())

    fakesnow.arrow.timestamp_to_sf_struct = moments
    # A bound number may have digits behind the point.
    bound = server.from_binding

    def numbered_with_digits(binding: Any) -> Any:
        is_whole = binding["type"] != "FIXED" or "." not in str(binding["value"])
        return bound(binding) if is_whole else Decimal(binding["value"])

    server.from_binding = numbered_with_digits


def _is_let_in(user: Any, asked: Any) -> bool:
    """Whether a password, a token or a signature is the user's."""
    way = str(asked.get("AUTHENTICATOR", "")).upper()
    if way == "SNOWFLAKE_JWT":
        try:
            jwt.decode(asked.get("TOKEN", ""), user.get("key", ""), algorithms=["RS256"], options={"verify_iat": False})
        except (jwt.PyJWTError, ValueError):
            return False
        return True
    if way == "OAUTH":
        return bool(user.get("token")) and asked.get("TOKEN") == user["token"]
    return bool(user.get("password")) and asked.get("PASSWORD") == user["password"]


def _entered(told: Any, asked: Any, user: Any, there: Any) -> JSONResponse:
    """The answer to a login, with what the session has got of what it asked for."""
    held = server.sessions[told["data"]["token"]]
    held.only_reads, held.idle = bool(user.get("reads")), float(user.get("idle", IDLE))
    # When a transaction begins by itself is the world's to say.
    held.commits_itself, held._autocommit = held._autocommit, True
    known = {"databaseName": held.database if held.database_set else None}
    for asking, name in (("warehouse", "warehouseName"), ("roleName", "roleName")):
        names = [str(one).upper() for one in there[asking]]
        said = str(asked.get(asking, names[0])).upper()
        known[name] = said if said in names else None
    told["data"]["sessionInfo"].update(known, schemaName=None)
    told["data"].update(masterToken="none", masterValidityInSeconds=14_400, validityInSeconds=14_400, sessionId=1)
    return JSONResponse(told)


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(os.environ["STARLODE_DOUBLE"]))
