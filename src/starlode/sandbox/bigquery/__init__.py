"""A double of BigQuery: a server of its REST interface, behind which DuckDB keeps the rows.

Google's own client speaks to it. Each statement is judged first, by rules of ours and by Google's own parser and type-checker;
then it is said in DuckDB's words. What the double does not know it refuses.
"""
