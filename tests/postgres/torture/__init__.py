"""Proves that no row is skipped: many writers torture tables while a loader reads what is new, again and again.

    python -m tests.postgres.torture --url postgresql://… --loader naive --seconds 30

The loader may be Starlode, a plain `where updated_at > max(updated_at)`, or one of your own (see loaders.py). At the end
the writers stop, the loader runs once more, and each table is compared row by row with its source.
"""
