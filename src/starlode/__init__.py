"""From raw data to a star schema that you can trust."""

__version__ = "0.1.0"
