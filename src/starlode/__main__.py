"""`python -m starlode` is the command `starlode`."""

from __future__ import annotations

import sys

from starlode.cli import main

sys.exit(main())
