"""A double of Google Cloud Storage: a server of its XML interface, which keeps objects in memory.

It knows what a landing and a load job need: objects that are created only if there is none, pieces, listings, ranges, who asks
and what they may. What it does not know it refuses.
"""
