"""The warehouses that Starlode loads: one file each, all under one contract and one conformance suite."""
