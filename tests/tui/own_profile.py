"""A profile of the operator's own, as text; the tables of a check may follow it."""

HEAD = """
id = "own"
name = "Own"
version = "1"
source = "Our ports"
url = "https://intra.example/ports"
[[category]]
id = "all"
title = "All"
"""
ROLE = """
[[role]]
id = "{id}"
title = "Host"
category = "all"
"""
CHECK = """
[[check]]
id = "all.{id}"
category = "all"
role = "{role}"
title = "{id}"
probe = "{transport}"
transport = "{transport}"
port = {port}
loss = "{loss}"
needs = "{needs}"
purpose = "It is asked."
consequence = "Something is lost."
fix = "Allow it."
"""


def role(id: str) -> str:
    return ROLE.format(id=id)


def check(
    role: str, id: str, transport: str, port: int, loss: str = "blocked", needs: str = ""
) -> str:
    """A check `all.ID`; `needs` is the whole id of another."""
    return CHECK.format(role=role, id=id, transport=transport, port=port, loss=loss, needs=needs)
