"""Profile: roles, checks, questions and capabilities, as frozen dataclasses."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

# Annotations are evaluated here: profiles.fields reads them.


Transport = Literal["tcp", "udp", "icmp"]
"""Transport protocol of a check; `icmp` is an echo request and has no port."""

Loss = Literal["blocked", "degraded"]
"""Effect on the audit of a check that is not available."""

AnswerValue = Literal["yes", "no", "auto"]
"""An answer to a profile's question; `auto` lets the measurements decide."""

# Ids go through shells, logs and file names, so their alphabet is small and never starts an option.
_ID = {
    "pattern": r"[a-z0-9][a-z0-9._-]*",
    "form": 'made of a-z, 0-9, ".", "_" and "-", starting with a letter or digit',
}


@dataclass(frozen=True, slots=True)
class Question:
    """One condition only the operator knows, asked by id (`--answer ID=VALUE`)."""

    id: Annotated[str, {"doc": "name used in --answer and in conditions", **_ID}]
    text: Annotated[str, {"doc": "the question, as the screen asks it"}]
    answers: Annotated[tuple[AnswerValue, ...], {"doc": "the answers that are allowed"}]
    default: Annotated[AnswerValue, {"doc": "the answer when the operator gives none"}]
    help: Annotated[str, {"doc": "what the answer changes"}] = ""


@dataclass(frozen=True, slots=True)
class Category:
    """One section of the reference."""

    id: Annotated[str, {"doc": "name used by roles and checks", **_ID}]
    title: Annotated[str, {"doc": "the section's heading"}]
    text: Annotated[str, {"doc": "the section's introduction, word for word"}] = ""


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of host: what the operator names before the `=` in ROLE=HOST."""

    id: Annotated[str, {"doc": "part of the command line: ROLE=HOST", **_ID}]
    title: Annotated[str, {"doc": "the destination as the reference names it"}]
    category: Annotated[str, {"doc": "the category it is shown under first", "refers": "category"}]
    hosts: Annotated[
        tuple[str, ...],
        {
            "doc": "hosts used when the role is given without one",
            # A profile from elsewhere must not make the program read a file here (@file).
            "pattern": r"[^\s@,=]+",
            "form": 'a host without spaces, commas, "@" or "="',
        },
    ] = ()
    resolvers: Annotated[bool, {"doc": "without a host, use the DNS servers of this machine"}] = (
        False
    )
    words: Annotated[
        tuple[str, ...],
        {
            "doc": "plain words that mean this role before the =, in any case; one that several "
            "roles have is refused with all of them",
            "pattern": r"[a-z0-9](?:[a-z0-9 ._-]{0,30}[a-z0-9])?",
            "form": "a word or a few of a-z, 0-9, spaces, dots, underscores and hyphens",
        },
    ] = ()
    letter: Annotated[
        str,
        {
            "doc": "key for this role where the screen asks what hosts without one are",
            "pattern": "[a-z0-9]",
            "form": "one of a-z or 0-9",
        },
    ] = ""


@dataclass(frozen=True, slots=True)
class When:
    """A check is needed only if the operator's answer is one of these."""

    question: Annotated[str, {"doc": "id of a question", "refers": "question"}]
    answers: Annotated[tuple[AnswerValue, ...], {"doc": "answers under which it is needed"}]


@dataclass(frozen=True, slots=True)
class Unless:
    """A check is not needed once another check of the same host succeeded."""

    check: Annotated[str, {"doc": "id of the other check", "refers": "check"}]
    fact: Annotated[str, {"doc": "the other check must also have found this fact"}] = ""
    question: Annotated[
        str,
        {
            "doc": "this exception applies only under an answer to this question",
            "refers": "question",
        },
    ] = ""
    answers: Annotated[
        tuple[AnswerValue, ...], {"doc": "the answers under which the exception applies"}
    ] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the reference: one protocol and port towards one kind of host."""

    id: Annotated[str, {"doc": "stable id, <group>.<protocol>; part of the log", **_ID}]
    category: Annotated[str, {"doc": "id of the section it is in", "refers": "category"}]
    role: Annotated[str, {"doc": "id of the role it is asked of", "refers": "role"}]
    title: Annotated[str, {"doc": "short name for the table", "max_length": 12}]
    probe: Annotated[str, {"doc": "how it is asked: a name from the list of probes"}]
    transport: Annotated[Transport, {"doc": "tcp, udp or icmp"}]
    purpose: Annotated[str, {"doc": "the reference's Purpose, word for word"}]
    consequence: Annotated[str, {"doc": "what is lost without it, as a sentence"}]
    fix: Annotated[str, {"doc": "what to change, as a sentence"}]
    port: Annotated[
        int | None, {"doc": "the destination port; absent for icmp", "minimum": 1, "maximum": 65535}
    ] = None
    ports: Annotated[
        str,
        {
            "doc": "shown instead of port: the range that what listens on port leads to",
            "pattern": r"[0-9]{1,5}-[0-9]{1,5}",
            "form": "a range such as 49152-65535",
        },
    ] = ""
    loss: Annotated[Loss, {"doc": "blocked, or degraded where the audit works without"}] = "blocked"
    answers: Annotated[
        bool,
        {
            "doc": "false where a service need not reply to a probe: silence, no listener, or an "
            "answer that proves no service is then unverifiable"
        },
    ] = True
    absent: Annotated[
        str,
        {
            "doc": "id of a check; unless that one is missing, a refusal by the host itself means "
            "that it does not offer this service, which is unverifiable",
            "refers": "check",
        },
    ] = ""
    custom_port: Annotated[bool, {"doc": "true where HOST:PORT may replace the port"}] = False
    required_when: Annotated[str, {"doc": "the reference's condition, word for word"}] = ""
    needs: Annotated[
        str,
        {
            "doc": "id of a check that must be open before this can be asked",
            "refers": "check",
        },
    ] = ""
    when: Annotated[
        tuple[When, ...], {"doc": "answers under which it is needed; all must hold"}
    ] = ()
    unless: Annotated[
        tuple[Unless, ...], {"doc": "checks whose success makes it unnecessary; one is enough"}
    ] = ()
    issuers: Annotated[
        tuple[str, ...],
        {
            "doc": "how the names of the organisations begin that issue the certificates of "
            "these public hosts; any other issuer is called TLS interception"
        },
    ] = ()

    service_port: Annotated[int | None, {"derived": True}] = None
    """The profile's port, whose protocol is spoken, where HOST:PORT replaced it."""

    @property
    def port_text(self) -> str:
        """The port as a person writes it: `TCP 5985`, `TCP 49152-65535`, `ICMP`.

        Empty for a check that asks several.
        """
        if self.port is None and not self.ports and self.transport != "icmp":
            return ""
        where = self.ports or (str(self.port) if self.port is not None else "")
        return f"{self.transport.upper()} {where}".rstrip()


@dataclass(frozen=True, slots=True)
class Cost:
    """A check without which the capability is there, and what is lost then."""

    check: Annotated[
        str, {"doc": 'id of a check of the role, with loss = "degraded"', "refers": "check"}
    ]
    lost: Annotated[
        str, {"doc": "what is lost without it, as a clause: the user's name is not collected"}
    ]


@dataclass(frozen=True, slots=True)
class Instead:
    """Checks that together stand in for a required one: then it is ready after enabling remoting.

    They stand in only where the answers and conditions make every one of them needed. Where the
    required one works, the loss of one of them costs nothing; where that was not tested, it is not
    known if it does.
    """

    of: Annotated[str, {"doc": "id of the required check they stand in for", "refers": "check"}]
    requires: Annotated[
        tuple[str, ...],
        {"doc": "ids of checks of the role; all of them are needed", "refers": "check"},
    ]
    can: Annotated[str, {"doc": "what is possible then, as a clause"}]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A check of hosts of another role that the capability rests on: one such host is enough.

    The other check's loss says whether the capability is blocked or degraded without it. Where no
    such host was tested, that is said and changes nothing.
    """

    check: Annotated[str, {"doc": "id of a check of another role", "refers": "check"}]
    lost: Annotated[str, {"doc": "what that means, as a clause: domain authentication fails"}]


@dataclass(frozen=True, slots=True)
class Capability:
    """A use of the hosts of a role, and the checks that decide whether they are good for it.

    Clauses begin with a small letter and have no full stop.
    """

    id: Annotated[str, {"doc": "stable id; part of the log", **_ID}]
    role: Annotated[str, {"doc": "id of the role it is judged for", "refers": "role"}]
    title: Annotated[str, {"doc": "short name"}]
    can: Annotated[str, {"doc": "that it is there, as a clause: the computer can be audited"}]
    cannot: Annotated[str, {"doc": "that it is not, as a clause: the computer cannot be audited"}]
    requires: Annotated[
        tuple[str, ...],
        {"doc": "ids of checks of the role; one that is missing blocks", "refers": "check"},
    ]
    optional: Annotated[
        tuple[Cost, ...], {"doc": "checks of the role without which it is degraded"}
    ] = ()
    instead: Annotated[tuple[Instead, ...], {"doc": "what may stand in for a required check"}] = ()
    elsewhere: Annotated[
        tuple[Elsewhere, ...], {"doc": "what must be there on one host of another role"}
    ] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """An answer that speaks for a role: that of a check, proven by its protocol.

    With a fact it is an answer in which the check found that fact.
    """

    check: Annotated[str, {"doc": "id of the check whose answer it is", "refers": "check"}]
    fact: Annotated[str, {"doc": "the check must also have found this fact"}] = ""
    matches: Annotated[
        str, {"doc": "regular expression that is found in the fact, as Python writes them"}
    ] = ""


@dataclass(frozen=True, slots=True)
class Recognition:
    """A way to tell the role of a host that was named without one; the first that holds decides.

    One signal of any, every one of all and not one of none must be there.
    """

    id: Annotated[str, {"doc": "stable id; part of the log", **_ID}]
    role: Annotated[str, {"doc": "id of the role it tells", "refers": "role"}]
    any: Annotated[tuple[Signal, ...], {"doc": "signals of which one is enough"}] = ()
    all: Annotated[tuple[Signal, ...], {"doc": "signals that must all be there"}] = ()
    none: Annotated[tuple[Signal, ...], {"doc": "signals that speak against it"}] = ()
    after: Annotated[
        str,
        {
            "doc": "asked only of hosts of this role, and of those named singly whose role nothing "
            "has decided; where it holds it comes before the others",
            "refers": "role",
        },
    ] = ""
    decides: Annotated[
        bool,
        {
            "doc": "false for a guess: where nothing decides, the role is named as one it may be; "
            "an open port that proves no service is enough then"
        },
    ] = True


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole reference: its sections, roles, questions and checks, and where it is from."""

    id: Annotated[str, {"doc": "short name of the profile", **_ID}]
    name: Annotated[str, {"doc": "name of the product, for the header"}]
    version: Annotated[str, {"doc": "version of this profile; part of every log"}]
    source: Annotated[str, {"doc": "title of the document it was made from"}]
    url: Annotated[
        str,
        {
            "doc": "where that document is published",
            # It becomes a link in the HTML report: no other scheme may stand there.
            "pattern": r"https?://\S+",
            "form": "a web address that starts with https:// or http://",
        },
    ]
    questions: Annotated[
        tuple[Question, ...], {"doc": "what only the operator knows", "key": "question"}
    ] = ()
    categories: Annotated[
        tuple[Category, ...],
        {"doc": "the sections of the document", "key": "category", "required": True},
    ] = ()
    roles: Annotated[
        tuple[Role, ...], {"doc": "the kinds of host", "key": "role", "required": True}
    ] = ()
    checks: Annotated[
        tuple[Check, ...],
        {
            "doc": "the rows, in the order they are asked of a host",
            "key": "check",
            "required": True,
        },
    ] = ()
    capabilities: Annotated[
        tuple[Capability, ...],
        {
            "doc": "what is judged; a role that has none is judged by the loss of its checks",
            "key": "capability",
        },
    ] = ()
    recognitions: Annotated[
        tuple[Recognition, ...],
        {
            "doc": "how the role of a host named without one is told, in the order of the ruling; "
            "without any, every host needs its role",
            "key": "recognition",
        },
    ] = ()
    also_asked: Annotated[
        tuple[str, ...],
        {
            "doc": "ids of checks that a host without a role is asked as well: they decide "
            "nothing, and show that a host is there"
        },
    ] = ()
    file: Annotated[bytes, {"derived": True}] = field(default=b"", repr=False)
    """The bytes of its file; not a key of the form."""

    def check(self, id: str) -> Check:
        """The check with this id; KeyError if there is none."""
        return {check.id: check for check in self.checks}[id]

    def role(self, id: str) -> Role:
        """The role with this id; KeyError if there is none."""
        return {role.id: role for role in self.roles}[id]

    def checks_of(self, role: str) -> tuple[Check, ...]:
        """The checks asked of a role, in the order they are asked."""
        return tuple(check for check in self.checks if check.role == role)

    def custom_port(self, role: str) -> Check | None:
        """The one check of a role whose port HOST:PORT replaces, or None."""
        return next((check for check in self.checks_of(role) if check.custom_port), None)

    @property
    def default_answers(self) -> dict[str, AnswerValue]:
        """Every question's answer when the operator gives none."""
        return {question.id: question.default for question in self.questions}


def capabilities_of(profile: Profile, role: str) -> tuple[Capability, ...]:
    """Capabilities for which a host of this role is judged; empty for a role without checks.

    For a role without capabilities the loss of each of its checks decides.
    """
    own = tuple(one for one in profile.capabilities if one.role == role)
    checks = profile.checks_of(role)
    if own or not checks:
        return own
    title = next((one.title for one in profile.roles if one.id == role), role)
    return (
        Capability(
            id=role,
            role=role,
            title=title,
            can="everything that is required here is available",
            cannot="not everything that is required here is available",
            requires=tuple(check.id for check in checks if check.loss == "blocked"),
            optional=tuple(
                Cost(check.id, clause(check.consequence))
                for check in checks
                if check.loss == "degraded"
            ),
        ),
    )


def clause(sentence: str) -> str:
    """A sentence or a title as it may stand inside a sentence."""
    text = sentence.rstrip(".!? ")
    # An abbreviation keeps its capitals.
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
