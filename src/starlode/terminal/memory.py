"""How much memory this process holds: now, for the progress, and at most, for the summary."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

STATM = Path("/proc/self/statm")
# What ru_maxrss counts in.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def held() -> int:
    """Bytes in memory now; where the system does not tell, the most there have been."""
    try:
        return int(STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return peak()


def peak() -> int:
    """The most bytes that were in memory at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT
