"""Protocol clients that several probes share."""
