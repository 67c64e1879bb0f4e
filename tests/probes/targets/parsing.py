"""Hosts as they are typed, under a profile with a role of every kind."""

from probes.targets import parse
from profiles.model import Check, Profile, Role


def check(role: str, port: int, custom: bool = False) -> Check:
    return Check(
        id=f"{role}.{port}",
        category="c",
        role=role,
        title="t",
        probe="tcp",
        transport="tcp",
        purpose="",
        consequence="",
        fix="",
        port=port,
        custom_port=custom,
    )


PROFILE = Profile(
    id="p",
    name="P",
    version="1",
    source="",
    url="",
    roles=(
        Role("windows.target", "Windows", "c"),
        Role("windows.dc", "DC", "c"),
        Role("unix.target", "Unix", "c"),
        Role("printer", "Printer", "c"),
        Role("nas", "NAS", "c"),
        Role("dns.server", "DNS", "c", resolvers=True),
        Role("cloud.aws", "AWS", "c", hosts=("sts.amazonaws.com", "iam.amazonaws.com")),
    ),
    checks=(
        check("windows.target", 5985),
        check("windows.target", 445),
        check("windows.dc", 389),
        check("unix.target", 22, custom=True),
        check("dns.server", 53, custom=True),
        check("cloud.aws", 443, custom=True),
    ),
)


def parse_entries(*entries, **more):
    return parse(entries, PROFILE, **more)


def hosts(*entries, **more):
    """The hosts of entries that must all be good."""
    result = parse_entries(*entries, **more)
    assert result.problems == ()
    return [target.label for target in result.targets]


def problem_of(*entries, **more):
    """The only sentence about entries of which nothing is good."""
    result = parse_entries(*entries, **more)
    assert result.targets == () and result.domains == ()
    (problem,) = result.problems
    assert str(problem).isprintable()
    assert str(problem) == f"{problem.entry}: {problem.reason}."
    return str(problem)
