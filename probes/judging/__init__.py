"""Judging: from an observation to its status, message, verdict and finding. Pure."""
