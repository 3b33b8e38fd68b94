"""One file for each command of the command line, named as it is, with one function `command(arguments) -> int`."""
