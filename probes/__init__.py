"""Probes: reachability of hosts, from typed targets to observations, verdicts and findings."""
