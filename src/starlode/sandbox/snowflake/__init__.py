"""A double of Snowflake: fakesnow's server, which says Snowflake's SQL to a DuckDB, and what it lacks of what we send.

It runs as a process of its own, in an environment of its own, because fakesnow needs other versions of what Starlode needs. The
genuine driver speaks to it. Added here are logins, rights, transactions as Snowflake has them (statements that make something
commit, and are seen at once by other sessions' transactions), and refusals.
"""
