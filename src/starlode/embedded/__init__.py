"""What the embedded warehouse is made of: its words, how values are bound, and why it refuses something."""
