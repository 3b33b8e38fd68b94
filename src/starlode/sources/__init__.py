"""Places to read from: one module each, found by the name that a project uses."""
