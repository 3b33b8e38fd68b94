"""The command line, as a shell and as Python call it."""
