"""LocalVantage: this machine's own sockets, the only ones in the project."""
