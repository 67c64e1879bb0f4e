"""Judging: observation to status, message, verdict and cause. Pure."""
