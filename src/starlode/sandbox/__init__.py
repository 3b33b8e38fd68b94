"""Doubles of services that a project names, for this machine alone: what the real one refuses, they refuse as well.

Nothing else of Starlode knows them. A double is spoken to by the genuine client over a socket, says at its start what it does
not imitate, and refuses what it cannot.
"""
