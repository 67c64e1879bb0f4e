"""Sentences of earlier versions, which their session logs still hold.

A pseudonymised report keeps the program's own words only, and these are no longer among them.
"""

from __future__ import annotations

EARLIER_SENTENCES = (
    # Notes.
    "nothing listens on {}, or a firewall resets in the host's name",
    "Refused with a port unreachable from the host itself: nothing listens on {}, or its firewall "
    "rejects it in these words; whether that matters cannot be told",
    "nothing answers on {} by nature, so this is neither a pass nor a failure",
    "Rejected in the host's own name, by its firewall or a device before it: {}",
    "(measured as {}; this row's own attempts got no answer)",
    "Stopped before it was measured",
    "Name the host's IPv4 address to have it asked",
    "Not reached in the earlier session. Not measured from here and with this profile.",
    # Verdicts.
    "not doing its work: {}",
    # Findings.
    "{} is down or dropped entirely: no answer",
    "{} are down or dropped entirely: no port of them answers",
    "{}: a filter on {} only: its {} answers",
    "{} looked for it, or for a next router on the way, in vain",
    "{} said so itself for each row",
    "{} said so itself for {} rows; nothing came for {}, as such errors are limited in number, or "
    "as a host is down",
    "silence only: a host that is off and a filter that drops everything look the same",
    "the refusals came in the hosts' own names; a firewall can answer in these as well",
    "{} says no",
    # Changes.
    "Mend the routing loop on the way to {}, which {} saw.",
    "Mend the row it depends on, then measure this one again.",
    "Permit it on this machine, then measure it again.",
    "Measure it from a place that can ask it.",
    "Mend what failed on this machine, then measure it again.",
    "unless a firewall refuses it in the host's name.",
    "Have something listen on {} there, or look into its firewall.",
    "See on the host why {} falls short on {}: it answers.",
    "See on the host, or on what takes its connections, why {} does not work on {}: the "
    "connection is accepted.",
    "why {} says nothing useful on {}: the connection is accepted.",
    "Correct the address, or have {} listen on {}: the path is open, but something else answers.",
    "which rejects other rows, then on what else is on the way.",
    "If that is so already, look for a firewall on the way that drops it.",
)
"""With `{}` in the place of what varied."""
