"""SSH: host key, algorithms and methods; login where asked."""
