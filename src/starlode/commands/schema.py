"""`starlode schema`: the JSON Schema of the project file, for editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlode.schema import json_schema
from starlode.terminal.speech import out

if TYPE_CHECKING:
    from argparse import Namespace


def command(arguments: Namespace) -> int:
    """Print the schema; it is JSON already, so `--json` only takes the indentation away."""
    out(json.dumps(json_schema(), indent=None if arguments.json else 2))
    return 0
