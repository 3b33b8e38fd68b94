"""What the warehouse Snowflake is made of: its words, how it is reached, and how rows come to it and back."""
