"""A double of Redshift: a real PostgreSQL behind a proxy that takes and refuses what Redshift takes and refuses.

Transactions, rights and rows are PostgreSQL's own. The proxy judges each statement, says it in PostgreSQL's words, and carries
COPY and UNLOAD out over any S3.
"""
