"""Measuring again and again: what each row's past was, what changed, and a display that waits."""
