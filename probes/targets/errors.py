"""Error of the parser of targets."""


class InvalidEntry(Exception):
    """Text that names no host or file; the message is a clause: what is wrong, what is right."""
