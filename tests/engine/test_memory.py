"""A build stays below the memory that its process may take, told by the kernel, also where its tables are larger."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb

from tests.projects import write

if TYPE_CHECKING:
    from pathlib import Path

ROWS, MEMBERS = 3_000_000, 20_000
LIMIT = 512 << 20
PROJECT = f"""name: shop
target: duckdb:warehouse.duckdb?memory={LIMIT >> 20}MiB&threads=2
sources:
  shop:
    files: data
    streams:
      members: {{files: members.parquet, key: member_id, since: changed_at}}
      sales: {{files: sales.parquet, key: [order_id, line_no], since: changed_at}}
dimensions:
  member: {{from: shop.members, key: member_id, history: [city], at: changed_at}}
facts:
  sales:
    {{from: sql/sales.sql, grain: [order_id, line_no], at: sold_at, dims: {{member: member_id}}, measures: {{amount: sum}}}}
"""
SELECT = """select s.order_id, s.line_no, s.member_id, s.sold_at, s.amount
  from shop.sales as s
  join shop.members as m on m.member_id = s.member_id
"""
MEMBER = f"""copy (select i as member_id, 'city ' || i % 100 as city, timestamp '2020-01-01' as changed_at
  from range({MEMBERS}) as r(i)) to '{{}}'"""
SALES = f"""copy (select i // 4 as order_id, i % 4 as line_no, i * 7919 % {MEMBERS} as member_id,
       cast(i % 997 as decimal(12,2)) as amount,
       timestamp '2024-01-01' + interval (i % 40000000) second as sold_at, timestamp '2025-01-01' as changed_at
  from range({ROWS}) as r(i)) to '{{}}'"""
PROGRAM = """from pathlib import Path
from starlode.cli import main
code = main(["run"])
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(code, int(peak.split()[1]) * 1024)
"""


def test_a_build_stays_below_the_memory_of_its_process(tmp_path: Path) -> None:
    write(tmp_path, {"starlode.yml": PROJECT, "sql/sales.sql": SELECT, "data/.keep": ""})
    for name, statement in (("members", MEMBER), ("sales", SALES)):
        duckdb.execute(statement.format(tmp_path / "data" / f"{name}.parquet"))

    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=True)

    code, peak = (int(word) for word in done.stdout.split()[-2:])
    assert code == 0, done.stderr
    assert peak < LIMIT
