"""The double of BigQuery as a process; where it lays the key of its account, and whose Python judges, is told in a file.

`python -m starlode.sandbox.bigquery.serve FILE PORT`, with JSON in the file: `key`, `python`, and `storage`, the address of the
Cloud Storage that load jobs read, if there is one.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from starlode.sandbox.accounts import ACCOUNT, READ, WRITE, Accounts
from starlode.sandbox.bigquery.asking_judge import Judged
from starlode.sandbox.bigquery.double import Double
from starlode.sandbox.bigquery.lake import Lake


def main() -> None:
    """Serve until the process is ended."""
    said, port = json.loads(Path(sys.argv[1]).read_text("utf-8")), int(sys.argv[2])
    # The judge gets ready while the client logs in.
    judge = Judged(Path(said["python"]))
    accounts = Accounts({ACCOUNT: frozenset({READ, WRITE})})
    key = Path(said["key"])
    if key.exists():
        accounts.take_key(ACCOUNT, key)
    key.touch(0o600)
    accounts.write_key(ACCOUNT, f"http://127.0.0.1:{port}", key)
    lake = Lake(said["storage"], accounts) if said["storage"] else None
    Double(accounts, judge, lake=lake).listen(lambda gap: print(gap, flush=True), port)  # noqa: T201
    threading.Event().wait()


if __name__ == "__main__":
    main()
