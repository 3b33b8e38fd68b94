"""What each request of the interface is answered: datasets, tables, jobs, and the rows of what a job gave."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlode.sandbox.accounts import READ, WRITE
from starlode.sandbox.bigquery import bringing, running, telling
from starlode.sandbox.bigquery.refused import DENIED, DUPLICATE, NOT_FOUND, UNSUPPORTED, Refused

if TYPE_CHECKING:
    from starlode.sandbox.accounts import Accounts
    from starlode.sandbox.bigquery.double import Request
    from starlode.sandbox.bigquery.keeping import Project, Session
    from starlode.sandbox.bigquery.lake import Lake

# What anybody may do who may ask: reading, and whatever goes with a session.
OF_A_SESSION = re.compile(
    r"\s*(select|with|\(|call bq\.abort_session|create (or replace )?temp table|drop table (if exists )?_session\.)",
    re.IGNORECASE,
)
Judge = Callable[["Project", "Session | None", str], None]
Told = tuple[int, Any, dict[str, str]]


@dataclass(frozen=True)
class Requests:
    """The requests of one account to one project."""

    project: Project
    accounts: Accounts
    account: str
    judge: Judge
    lake: Lake | None = None

    def answer(self, verb: str, path: tuple[str, ...], asked: dict[str, str], request: Request) -> Told:
        """The code, the body and the headers of an answer; raises Refused."""
        self._guard(READ, f"Project {self.project.name}")
        match (verb, *path):
            case ("POST", "datasets"):
                self._guard_writing("the project")
                return self._make_dataset(request.told)
            case ("GET", "datasets", dataset):
                self.project.guard_dataset(dataset)
                return 200, self._dataset(dataset), {}
            case ("GET", "datasets", dataset, "tables"):
                return 200, self._tables(dataset), {}
            case ("POST", "datasets", _, "tables"):
                self._guard_writing("the dataset")
                return 200, self.project.make_table(request.told), {}
            case ("GET", "datasets", dataset, "tables", table):
                return 200, self.project.resource(dataset, table), {}
            case ("PATCH", "datasets", dataset, "tables", table):
                self._guard_writing("the table")
                etag = request.headers.get("if-match")
                return 200, self.project.change(dataset, table, request.told, etag), {}
            case ("DELETE", "datasets", dataset, "tables", table):
                self._guard_writing("the table")
                self.project.drop_table(dataset, table)
                return 204, {}, {}
            case ("POST", "jobs"):
                is_load = "load" in request.told["configuration"]
                return 200, self.insert_load(request.told) if is_load else self._insert_query(request.told), {}
            case ("POST", "queries"):
                return 200, self._query(request.told), {}
            case ("GET", "jobs", job):
                return 200, _shown(self._job(job)), {}
            case ("GET", "queries", job):
                return 200, self._results(self._job(job), asked), {}
        raise Refused(UNSUPPORTED, f"Unsupported by this double: {verb} {'/'.join(path)}")

    def insert_load(self, told: dict[str, Any], file: str = "") -> dict[str, Any]:
        """A job that loads a file which came with it, or objects of Cloud Storage."""
        self._guard_writing("the table")
        job, load = self._begun(told), told["configuration"]["load"]
        try:
            with tempfile.TemporaryDirectory() as folder:
                files = [file] if file else self._brought(load["sourceUris"], folder)
                rows = bringing.load(self.project, load, files)
            job["statistics"]["load"] = {"outputRows": str(rows), "inputFiles": str(len(files))}
        except Refused as refused:
            _fail(job, refused)
        return _shown(job)

    def _brought(self, places: list[str], folder: str) -> list[str]:
        if self.lake is None:
            raise Refused(UNSUPPORTED, "Unsupported by this double: it was told of no Cloud Storage")
        return self.lake.brought(self.account, places, self.project.location, folder)

    def _insert_query(self, told: dict[str, Any]) -> dict[str, Any]:
        if "query" not in told["configuration"]:
            raise Refused(UNSUPPORTED, "Unsupported by this double: a job of another kind")
        is_dry = bool(told["configuration"].get("dryRun"))
        job = self._begun(told)
        if is_dry:
            del self.project.jobs[job["jobReference"]["jobId"]]
        try:
            self._run(job)
        except Refused as refused:
            # What cannot be a job at all is refused at once, what fails as one is a job that failed.
            if is_dry or refused.reason == DUPLICATE:
                raise
            _fail(job, refused)
        return _shown(job)

    def _query(self, told: dict[str, Any]) -> dict[str, Any]:
        """The first rows of a statement that is waited for; a request that comes again is answered, and not run again."""
        name = told["requestId"]
        if told.get("dryRun") or told.get("createSession"):
            raise Refused(UNSUPPORTED, "Unsupported by this double: a dry run or a new session without a job")
        if name not in self.project.jobs:
            job = self._begun(
                {"jobReference": {"jobId": name}, "configuration": {"query": told, "labels": told["labels"]}}
            )
            try:
                self._run(job)
            except Refused as refused:
                _fail(job, refused)
        most = {"maxResults": str(told["maxResults"])} if "maxResults" in told else {}
        return self._results(self.project.jobs[name], most)

    def _run(self, job: dict[str, Any]) -> None:
        """Run the statement of a job, and note what it gave; raises Refused."""
        what = running.asked(job["configuration"])
        self._guard_statement(what)
        if job["configuration"]["query"].get("createSession"):
            job["statistics"]["sessionInfo"] = {"sessionId": self.project.begin_session()}
        answer = running.run(self.project, what, self.judge)
        job["_answer"] = answer
        read = [self.project.reference(*table) for table in answer.tables]
        job["statistics"]["query"] = _statistics(answer) | {
            "schema": {"fields": answer.fields},
            "referencedTables": read,
        }
        job["statistics"]["totalBytesProcessed"] = str(answer.bytes)
        destination = {"projectId": self.project.name, "datasetId": "_answers", "tableId": job["jobReference"]["jobId"]}
        job["configuration"]["query"]["destinationTable"] = destination

    def _guard_statement(self, what: running.Asked) -> None:
        if not OF_A_SESSION.match(what.sql):
            self._guard_writing("the tables")

    def _begun(self, told: dict[str, Any]) -> dict[str, Any]:
        name = told.get("jobReference", {}).get("jobId") or uuid4().hex
        with self.project.lock:
            if name in self.project.jobs:
                raise Refused(DUPLICATE, f"Already Exists: Job {self.project.name}:{self.project.location}.{name}")
            now = str(int(time.time() * 1000))
            job = {
                "kind": "bigquery#job",
                "id": f"{self.project.name}:{self.project.location}.{name}",
                "jobReference": {"projectId": self.project.name, "jobId": name, "location": self.project.location},
                "configuration": told["configuration"],
                "status": {"state": "DONE"},
                "statistics": {"creationTime": now, "startTime": now, "endTime": now},
            }
            self.project.jobs[name] = job
            return job

    def _job(self, name: str) -> dict[str, Any]:
        if name not in self.project.jobs:
            raise Refused(NOT_FOUND, f"Not found: Job {self.project.name}:{name}")
        return self.project.jobs[name]

    def _results(self, job: dict[str, Any], asked: dict[str, str]) -> dict[str, Any]:
        if "_refused" in job:
            raise job["_refused"]
        answer: running.Answer = job["_answer"]
        start = int(asked.get("pageToken") or asked.get("startIndex") or 0)
        most = int(asked.get("maxResults") or 10_000)
        rows = answer.rows[start : start + most]
        told = {
            "kind": "bigquery#getQueryResultsResponse",
            "jobReference": job["jobReference"],
            "jobComplete": True,
            "schema": {"fields": answer.fields},
            "totalRows": str(len(answer.rows)),
        }
        # Who asks for no row is told how many there are, and asks again.
        if most:
            told["rows"] = [{"f": [telling.cell(value) for value in row]} for row in rows]
        if start + most < len(answer.rows) and most:
            told["pageToken"] = str(start + most)
        return told | _statistics(answer)

    def _make_dataset(self, told: dict[str, Any]) -> Told:
        dataset = told["datasetReference"]["datasetId"]
        self.project.make_dataset(dataset)
        return 200, self._dataset(dataset), {}

    def _dataset(self, dataset: str) -> dict[str, Any]:
        place = {"projectId": self.project.name, "datasetId": dataset}
        return {"kind": "bigquery#dataset", "datasetReference": place, "location": self.project.location, "etag": "1"}

    def _tables(self, dataset: str) -> dict[str, Any]:
        names = self.project.tables(dataset)
        listed = [{"tableReference": self.project.reference(dataset, name), "type": "TABLE"} for name in names]
        return {"kind": "bigquery#tableList", "tables": listed, "totalItems": len(listed)}

    def _guard_writing(self, what: str) -> None:
        self._guard(WRITE, f"{what} of {self.project.name}")

    def _guard(self, right: str, what: str) -> None:
        """Refuse what the account may not do."""
        if not self.accounts.may(self.account, right):
            raise Refused(DENIED, f"Access Denied: {what}: User does not have permission to {right} it")


def _statistics(answer: running.Answer) -> dict[str, Any]:
    told = {
        "statementType": answer.kind,
        "totalBytesProcessed": str(answer.bytes),
        "totalBytesBilled": str(answer.billed),
        "cacheHit": False,
    }
    return told | ({"numDmlAffectedRows": str(answer.affected)} if answer.affected is not None else {})


def _fail(job: dict[str, Any], refused: Refused) -> None:
    told = {"reason": refused.reason, "message": refused.message}
    job["status"] |= {"errorResult": told, "errors": [told]}
    job["_refused"] = refused


def _shown(job: dict[str, Any]) -> dict[str, Any]:
    return {name: told for name, told in job.items() if not name.startswith("_")}
