"""A recorded session in the formats that others read; one format a file."""
