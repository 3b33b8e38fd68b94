"""Tests of a star that is built beside its target."""
