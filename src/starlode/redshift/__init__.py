"""What the warehouse Redshift is made of: its words, how it is reached, and how rows come to it and back."""
