"""Watch: repeated measurement, row history, changes, and a frozen display."""
