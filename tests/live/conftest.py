"""The real services are asked where the environment names them; without that there is nothing here to run."""

from __future__ import annotations

import os

# The target of an empty database that may be emptied, and the prefix of a bucket that Redshift may read.
TARGET, LANDING = "STARLODE_LIVE_REDSHIFT", "STARLODE_LIVE_LANDING"
SNOWFLAKE = "STARLODE_LIVE_SNOWFLAKE"
# The target of a project of BigQuery whose datasets may be dropped.
BIGQUERY = "STARLODE_LIVE_BIGQUERY"
# A prefix in Cloud Storage from where it loads; without it, what lies in a folder is uploaded.
STORAGE = "STARLODE_LIVE_STORAGE"
collect_ignore_glob = [
    *([] if os.environ.get(TARGET) and os.environ.get(LANDING) else ["test_redshift.py"]),
    *([] if os.environ.get(SNOWFLAKE) else ["test_snowflake.py"]),
    *([] if os.environ.get(BIGQUERY) else ["test_bigquery.py"]),
]
