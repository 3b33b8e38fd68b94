"""The exports that a project can name: one file each, under one contract; the file's name is its word in a project."""
