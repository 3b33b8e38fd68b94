"""What the warehouse BigQuery is made of: words, how it is reached, how rows come there, how acts are all or nothing."""
