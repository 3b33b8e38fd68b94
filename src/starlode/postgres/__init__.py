"""What reading from PostgreSQL and writing to it share: reaching a server, its catalog, and its rows as Arrow."""
