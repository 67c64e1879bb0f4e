"""Text that screen, run and reports share."""
