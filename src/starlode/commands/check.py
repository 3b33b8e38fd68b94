"""`starlode check`: hold the star in the warehouse against its promises and the user's checks, now."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from starlode.commands.opening import asked_project
from starlode.query import check
from starlode.terminal import documents
from starlode.terminal.speech import out, paint, say
from starlode.terminal.summary import findings_by_weight
from starlode.terminal.tables import table
from starlode.words import counted

if TYPE_CHECKING:
    from argparse import Namespace

    from starlode.finding import Finding


def command(arguments: Namespace) -> int:
    findings = findings_by_weight(check(asked_project(arguments)))
    failed = [finding for finding in findings if finding.severity == "failure"]
    if arguments.json:
        documents.write({"passed": not failed, "findings": [asdict(finding) for finding in findings]})
    else:
        _show(findings, failed)
    return 1 if failed else 0


def _show(findings: list[Finding], failed: list[Finding]) -> None:
    if findings:
        rows = [(finding.severity, finding.where, finding.rule, finding.message) for finding in findings]
        out(table(("severity", "table", "check", "what"), rows))
    if failed:
        say(paint(f"{counted(len(failed), 'check')} failed", "red", "bold"))
    else:
        warned = f", with {counted(len(findings), 'warning')}" if findings else ""
        say(paint("every check holds", "green", "bold") + warned)
