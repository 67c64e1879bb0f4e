"""Profiles of what must be reachable: data model, loader and the built-in catalog."""
