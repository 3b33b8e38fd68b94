"""How many files Redshift reads at once: as many as a cluster has slices, each of which reads one.

A serverless workgroup has none that one could ask for, and a user may lack the right to look. Then it is taken for a number of
which the usual numbers of slices are parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlode.errors import WarehouseError
from starlode.redshift.refusing import told

if TYPE_CHECKING:
    from starlode.redshift.address import Address

USUAL = 32
_OF_CLUSTER = "select count(*) from stv_slices where type = 'D'"


def slices(connection: Any, address: Address) -> int:
    """How many slices there are, asked outside of any transaction."""
    if address.is_serverless:
        return USUAL
    try:
        with told(_OF_CLUSTER):
            cursor = connection.cursor()
            cursor.execute(_OF_CLUSTER)
            return int(cursor.fetchall()[0][0]) or USUAL
    except WarehouseError:
        return USUAL
