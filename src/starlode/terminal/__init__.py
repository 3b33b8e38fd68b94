"""What people and programs see: progress, tables, summaries, errors, and the same as JSON."""
