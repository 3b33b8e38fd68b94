"""Looks the key of every fact up as of its moment and sums a measure, with plain DuckDB, and does nothing else."""

from __future__ import annotations

import sys

import duckdb

LOOK_UP = """
select count(d.customer_key), sum(f.amount)
  from star.fact_sales as f
  left join star.dim_customer as d
    on d.customer_id = f.customer_id and f.sold_at >= d.valid_from and f.sold_at < d.valid_to"""

with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print(connection.execute(LOOK_UP).fetchone())
