"""Lab: loopback servers that answer like the real ones, for the demo and for tests."""
