"""What must be reachable: the profile's data model, its loader and the built-in catalog."""
