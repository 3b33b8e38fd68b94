"""The stores, one file each, and what a bucket needs beside itself."""
