"""The double of Cloud Storage as a process; where the key of its account lies is told in a file.

`python -m starlode.sandbox.gcs.serve FILE PORT`, with JSON in the file: `key`.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from starlode.sandbox.accounts import ACCOUNT, READ, WRITE, Accounts
from starlode.sandbox.gcs.double import Double


def main() -> None:
    """Serve until the process is ended."""
    key, port = Path(json.loads(Path(sys.argv[1]).read_text("utf-8"))["key"]), int(sys.argv[2])
    accounts = Accounts({ACCOUNT: frozenset({READ, WRITE})})
    # That of BigQuery's double is good here as well.
    if key.exists():
        accounts.take_key(ACCOUNT, key)
    else:
        key.touch(0o600)
        accounts.write_key(ACCOUNT, f"http://127.0.0.1:{port}", key)
    Double(accounts).listen(lambda gap: print(gap, flush=True), port)  # noqa: T201
    threading.Event().wait()


if __name__ == "__main__":
    main()
