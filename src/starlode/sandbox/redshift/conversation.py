"""One client's conversation with the double: each statement judged, said anew, and answered.

What PostgreSQL does as Redshift does is passed on. COPY, UNLOAD and TRUNCATE, and what is refused, are answered by the double
itself, in the client's own session of the backend, so that they belong to its transaction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlode.sandbox.redshift import carrying, quotas, wire
from starlode.sandbox.redshift.backend import Backend, described, raw_cells, renumbered, row
from starlode.sandbox.redshift.copying import is_copy, is_unload
from starlode.sandbox.redshift.judging import judge
from starlode.sandbox.redshift.refused import TOO_LONG, UNSUPPORTED, Refused
from starlode.sandbox.redshift.rewriting import LIMIT, rewrite
from starlode.sandbox.redshift.wire import Channel, Message

if TYPE_CHECKING:
    from starlode.sandbox.redshift.lake import Lake

BYTEA, VARBYTE = 17, 6551
# What PostgreSQL numbers its types by, and what Redshift does.
NUMBERS = {BYTEA: VARBYTE, 3802: 4000, 25: 1043}
_CASE = re.compile(r"\s*set\s+enable_case_sensitive_identifier\s*(?:to|=)\s*'?(true|on|false|off)'?\s*;?\s*$", re.I)
_TRUNCATE = re.compile(r"\s*truncate\b", re.I)
_QUOTA = re.compile(r'\s*alter\s+schema\s+"?(\w+)"?\s+quota\s+(?:(\d+)\s*(mb|gb|tb)|unlimited)\s*;?\s*$', re.I)
_ENDS = re.compile(r"\s*(commit|end)\b", re.I)
_FIRST_KEYWORD = re.compile(r"\s*(set)\s+(\w+)", re.I)
# Settings that PostgreSQL has as well, or keeps for us; others of Redshift's are taken and do nothing.
_SHARED = {
    *("statement_timeout", "search_path", "datestyle", "timezone", "extra_float_digits", "application_name"),
    "query_group",
}
_IGNORED = {"wlm_query_slot_count", "describe_field_name_in_uppercase"}


@dataclass
class Conversation:
    """A client, the backend of its session, and what has been said between them."""

    client: Channel
    backend: Backend
    lake: Lake
    errors: carrying.Errors
    folds: bool = True
    own: dict[str, str] = field(default_factory=dict)
    binary: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def talk(self) -> None:
        """Answer the client until it goes."""
        batch: list[Message] = []
        while True:
            message = self.client.read()
            if message.kind == b"X":
                return
            if message.kind == b"Q":
                self._simple(message)
                continue
            batch.append(message)
            if message.kind == b"S":
                self._extended(batch)
                batch = []

    def _simple(self, message: Message) -> None:
        sql = message.body.rstrip(b"\0").decode()
        try:
            if self._is_own(sql):
                self._ready(self._act(sql))
            else:
                self.backend.channel.write(Message(b"Q", wire.text(self._said(sql))))
                self._relay("")
        except Refused as refused:
            self._refuse(refused)

    def _extended(self, batch: list[Message]) -> None:
        """Answer what a client says up to its Sync."""
        told: list[Message] = []
        answers: list[Message] = []
        name = ""
        try:
            for message in batch:
                if message.kind == b"P":
                    name, sql, rest = _parse(message.body)
                    self.own.pop(name, None)
                    if self._is_own(sql):
                        self.own[name] = sql
                        answers.append(Message(b"1"))
                    else:
                        told.append(Message(b"P", wire.text(name) + wire.text(self._said(sql)) + rest))
                    continue
                name = _named(message) if message.kind in (b"B", b"D") else name
                if name not in self.own:
                    told.append(message)
                elif message.kind == b"D":
                    answers += [Message(b"t", b"\0\0"), Message(b"n")] if message.body[:1] == b"S" else [Message(b"n")]
                elif message.kind == b"B":
                    answers.append(Message(b"2"))
                elif message.kind == b"E":
                    answers += self._act(self.own[name])
        except Refused as refused:
            self._refuse(refused)
            return
        if answers:
            self._ready(answers)
        else:
            self.backend.channel.write(*told)
            self._relay(name)

    def _is_own(self, sql: str) -> bool:
        is_other = _TRUNCATE.match(sql) or _QUOTA.match(sql) or _setting(sql) not in ("", *_SHARED)
        return bool(is_copy(sql) or is_unload(sql) or is_other)

    def _act(self, sql: str) -> list[Message]:
        """Carry out a statement that is the double's to carry out."""
        if is_copy(sql):
            return carrying.copy(sql, self.backend, self.lake, self.errors)
        if is_unload(sql):
            return carrying.unload(sql, lambda query: self._said(query), self.backend, self.lake)
        if _TRUNCATE.match(sql):
            return self._truncate(sql)
        if quota := _QUOTA.match(sql):
            return quotas.give(self.backend, quota[1], quota[2], quota[3])
        chosen = _CASE.match(sql)
        if chosen:
            self.folds = chosen[1].lower() in ("false", "off")
        elif _setting(sql) not in _IGNORED:
            raise Refused(UNSUPPORTED, f"the double does not know the setting {_setting(sql)}")
        return [Message(b"C", wire.text("SET"))]

    def _truncate(self, sql: str) -> list[Message]:
        """Empty a table, and commit: nothing of the transaction can be taken back any more."""
        answer = self.backend.ask(self._said(sql))
        if answer.error is not None:
            return [answer.error]
        if self.backend.status == wire.IN_TRANSACTION:
            self.backend.ask("commit")
        return [Message(b"C", wire.text("TRUNCATE TABLE"))]

    def _said(self, sql: str) -> str:
        """What PostgreSQL is told in place of a statement; raises Refused."""
        judge(sql, is_in_block=self.backend.status == wire.IN_TRANSACTION)
        if _ENDS.match(sql) and self.backend.status == wire.IN_TRANSACTION:
            quotas.guard(self.backend)
        if re.match(r"\s*vacuum\b", sql, re.I):
            return "select 1 where false" if self.backend.status == wire.IDLE else "vacuum"
        return rewrite(sql, folds=self.folds)

    def _refuse(self, refused: Refused) -> None:
        """Tell why, and let a transaction have failed."""
        if self.backend.status == wire.IN_TRANSACTION:
            self.backend.ask("select 1/0")
        self._ready([wire.error(refused.code, refused.message)])

    def _ready(self, answers: list[Message]) -> None:
        self.client.write(*answers, Message(b"Z", self.backend.status))

    def _relay(self, name: str) -> None:
        """Pass on what the backend answers, with Redshift's numbers for types."""
        for message in self.backend.answers():
            self.client.write(self._as_redshift(message, name))
        self.client.write(Message(b"Z", self.backend.status))

    def _as_redshift(self, message: Message, name: str) -> Message:
        match message.kind:
            case b"T":
                kinds = described(message.body)
                self.binary[name] = tuple(place for place, (_, kind, _) in enumerate(kinds) if kind == BYTEA)
                return Message(b"T", renumbered(message.body, NUMBERS))
            case b"D" if self.binary.get(name):
                held = raw_cells(message.body)
                places = self.binary[name]
                bare = [cell[2:] if i in places and cell is not None else cell for i, cell in enumerate(held)]
                return Message(b"D", row(bare))
            case b"E":
                return _too_long(message)
        return message


def _parse(body: bytes) -> tuple[str, str, bytes]:
    name, sql, rest = body.split(b"\0", 2)
    return name.decode(), sql.decode(), rest


def _named(message: Message) -> str:
    """The statement that a message speaks of; a portal has the name of its statement here, which is the unnamed one."""
    parts = message.body.split(b"\0", 2)
    if message.kind == b"B":
        return parts[1].decode()
    return parts[0][1:].decode()


def _setting(sql: str) -> str:
    found = _FIRST_KEYWORD.match(sql)
    word = found[2].lower() if found else ""
    return "" if word in ("session", "local", "transaction") else word


def _too_long(message: Message) -> Message:
    """An error of a limit in bytes as Redshift tells it."""
    told = wire.fields(message.body)
    limit = told.get(b"n", "")
    if not limit.startswith(LIMIT):
        return message
    count = limit.removeprefix(f"{LIMIT}_").split("_")[0]
    return wire.error(TOO_LONG, f"value too long for type character varying({count})")
