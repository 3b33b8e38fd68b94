"""The double of Redshift as a process; what it stands on, and whom it lets in, is told in a file.

`python -m starlode.sandbox.redshift.serve FILE PORT`, with JSON in the file: `postgres`, `s3`, `users`, `roles`.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from starlode.sandbox import s3
from starlode.sandbox.redshift.double import Double
from starlode.sandbox.redshift.lake import Lake


def main() -> None:
    """Serve until the process is ended."""
    said = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    lake = Lake(said["s3"], s3.KEY, s3.SECRET, roles=frozenset(said["roles"]))
    Double(said["postgres"], lake, said["users"]).listen(lambda gap: print(gap, flush=True), int(sys.argv[2]))  # noqa: T201
    threading.Event().wait()


if __name__ == "__main__":
    main()
