"""How it is found out whether a host can be reached: targets, engine, protocols, findings."""
