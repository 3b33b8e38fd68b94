"""File formats: each module turns the bytes of files into Arrow batches, and says what it could not carry."""
