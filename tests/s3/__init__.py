"""The landing and sources in buckets, on S3 servers of our own that speak over a real socket."""
