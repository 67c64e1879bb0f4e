"""Vantage: the only door to the network, as a protocol, and the outcome of each way through."""
