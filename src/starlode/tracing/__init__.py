"""What is known of one row of the star: where it came from, what it points to, who wrote it."""
