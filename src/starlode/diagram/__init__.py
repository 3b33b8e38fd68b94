"""A picture of a star, from its declaration to SVG and Mermaid, in pure functions that open nothing."""
