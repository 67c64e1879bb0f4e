"""The profile: what an Audit Service must reach, as immutable data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Transport = Literal["tcp", "udp", "icmp"]
"""How a check reaches its host; `icmp` is an echo request and has no port."""

Loss = Literal["blocked", "degraded"]
"""What a check that is not available means for the audit."""

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

    id: str = field(metadata={"doc": "name used in --answer and in conditions", **_ID})
    text: str = field(metadata={"doc": "the question, as the screen asks it"})
    answers: tuple[AnswerValue, ...] = field(metadata={"doc": "the answers that are allowed"})
    default: AnswerValue = field(metadata={"doc": "the answer when the operator gives none"})
    help: str = field(default="", metadata={"doc": "what the answer changes"})


@dataclass(frozen=True, slots=True)
class Category:
    """One section of the reference."""

    id: str = field(metadata={"doc": "name used by roles and checks", **_ID})
    title: str = field(metadata={"doc": "the section's heading"})
    text: str = field(default="", metadata={"doc": "the section's introduction, word for word"})


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of host: what the operator names before the `=` in ROLE=HOST."""

    id: str = field(metadata={"doc": "part of the command line: ROLE=HOST", **_ID})
    title: str = field(metadata={"doc": "the destination as the reference names it"})
    category: str = field(
        metadata={"doc": "the category it is shown under first", "refers": "category"}
    )
    hosts: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "hosts used when the role is given without one",
            # A profile from elsewhere must not make the program read a file here (@file).
            "pattern": r"[^\s@,=]+",
            "form": 'a host without spaces, commas, "@" or "="',
        },
    )
    resolvers: bool = field(
        default=False,
        metadata={"doc": "without a host, use the DNS servers of this machine"},
    )


@dataclass(frozen=True, slots=True)
class When:
    """A check is needed only if the operator's answer is one of these."""

    question: str = field(metadata={"doc": "id of a question", "refers": "question"})
    answers: tuple[AnswerValue, ...] = field(metadata={"doc": "answers under which it is needed"})


@dataclass(frozen=True, slots=True)
class Unless:
    """A check is not needed once another check of the same host succeeded."""

    check: str = field(metadata={"doc": "id of the other check", "refers": "check"})
    fact: str = field(
        default="", metadata={"doc": "the other check must also have found this fact"}
    )
    question: str = field(
        default="",
        metadata={
            "doc": "this exception applies only under an answer to this question",
            "refers": "question",
        },
    )
    answers: tuple[AnswerValue, ...] = field(
        default=(), metadata={"doc": "the answers under which the exception applies"}
    )


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the reference: one protocol and port towards one kind of host."""

    id: str = field(metadata={"doc": "stable id, <group>.<protocol>; part of the log", **_ID})
    category: str = field(metadata={"doc": "id of the section it stands in", "refers": "category"})
    role: str = field(metadata={"doc": "id of the role it is asked of", "refers": "role"})
    title: str = field(metadata={"doc": "short name for the table", "max_length": 12})
    probe: str = field(metadata={"doc": "how it is asked: a name from the list of probes"})
    transport: Transport = field(metadata={"doc": "tcp, udp or icmp"})
    purpose: str = field(metadata={"doc": "the reference's Purpose, word for word"})
    consequence: str = field(metadata={"doc": "what is lost without it, as a sentence"})
    fix: str = field(metadata={"doc": "what to change, as a sentence"})
    port: int | None = field(
        default=None,
        metadata={"doc": "the destination port; absent for icmp", "minimum": 1, "maximum": 65535},
    )
    ports: str = field(
        default="",
        metadata={
            "doc": "shown instead of port: the range that what listens on port leads to",
            "pattern": r"[0-9]{1,5}-[0-9]{1,5}",
            "form": "a range such as 49152-65535",
        },
    )
    loss: Loss = field(
        default="blocked", metadata={"doc": "blocked, or degraded where the audit works without"}
    )
    answers: bool = field(
        default=True,
        metadata={
            "doc": "false where nothing answers by nature: silence, or no listener, is then "
            "unverifiable"
        },
    )
    custom_port: bool = field(
        default=False, metadata={"doc": "true where HOST:PORT may replace the port"}
    )
    required_when: str = field(
        default="", metadata={"doc": "the reference's condition, word for word"}
    )
    needs: str = field(
        default="",
        metadata={
            "doc": "id of a check that must be open before this can be asked",
            "refers": "check",
        },
    )
    when: tuple[When, ...] = field(
        default=(), metadata={"doc": "answers under which it is needed; all must hold"}
    )
    unless: tuple[Unless, ...] = field(
        default=(), metadata={"doc": "checks whose success makes it unnecessary; one is enough"}
    )
    issuers: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "how the names of the organisations begin that issue the certificates of "
            "these public hosts; any other issuer is called TLS interception"
        },
    )

    @property
    def port_text(self) -> str:
        """The port as a person writes it: `TCP 5985`, `TCP 49152-65535`, `ICMP`."""
        where = self.ports or (str(self.port) if self.port is not None else "")
        return f"{self.transport.upper()} {where}".rstrip()


@dataclass(frozen=True, slots=True)
class Cost:
    """A check without which the capability is there, and what is lost then."""

    check: str = field(
        metadata={"doc": 'id of a check of the role, with loss = "degraded"', "refers": "check"}
    )
    lost: str = field(
        metadata={"doc": "what is lost without it, as a clause: the user's name is not collected"}
    )


@dataclass(frozen=True, slots=True)
class Instead:
    """Checks that together stand in for a required one: then it is ready after enabling remoting.

    They stand in only where the answers and conditions make every one of them needed.
    """

    of: str = field(
        metadata={"doc": "id of the required check they stand in for", "refers": "check"}
    )
    requires: tuple[str, ...] = field(
        metadata={"doc": "ids of checks of the role; all of them are needed", "refers": "check"}
    )
    can: str = field(metadata={"doc": "what is possible then, as a clause"})


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A check of hosts of another role that the capability rests on: one such host is enough.

    The other check's loss says whether the capability is blocked or degraded without it. Where no
    such host was measured, that is said and changes nothing.
    """

    check: str = field(metadata={"doc": "id of a check of another role", "refers": "check"})
    lost: str = field(metadata={"doc": "what that means, as a clause: domain authentication fails"})


@dataclass(frozen=True, slots=True)
class Capability:
    """What a host of a role is good for, and the checks that decide whether it is.

    Clauses begin with a small letter and have no full stop.
    """

    id: str = field(metadata={"doc": "stable id; part of the log", **_ID})
    role: str = field(metadata={"doc": "id of the role it is judged for", "refers": "role"})
    title: str = field(metadata={"doc": "short name"})
    can: str = field(metadata={"doc": "that it is there, as a clause: the computer can be audited"})
    cannot: str = field(
        metadata={"doc": "that it is not, as a clause: the computer cannot be audited"}
    )
    requires: tuple[str, ...] = field(
        metadata={"doc": "ids of checks of the role; one that is missing blocks", "refers": "check"}
    )
    optional: tuple[Cost, ...] = field(
        default=(), metadata={"doc": "checks of the role without which it is degraded"}
    )
    instead: tuple[Instead, ...] = field(
        default=(), metadata={"doc": "what may stand in for a required check"}
    )
    elsewhere: tuple[Elsewhere, ...] = field(
        default=(), metadata={"doc": "what must be there on one host of another role"}
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole reference: its sections, roles, questions and checks, and where it is from."""

    id: str = field(metadata={"doc": "short name of the profile", **_ID})
    name: str = field(metadata={"doc": "name of the product, for the header"})
    version: str = field(metadata={"doc": "version of this profile; part of every log"})
    source: str = field(metadata={"doc": "title of the document it was made from"})
    url: str = field(
        metadata={
            "doc": "where that document is published",
            # It becomes a link in the HTML report: no other scheme may stand there.
            "pattern": r"https?://\S+",
            "form": "a web address that starts with https:// or http://",
        }
    )
    questions: tuple[Question, ...] = field(
        default=(), metadata={"doc": "what only the operator knows", "key": "question"}
    )
    categories: tuple[Category, ...] = field(
        default=(),
        metadata={"doc": "the sections of the document", "key": "category", "required": True},
    )
    roles: tuple[Role, ...] = field(
        default=(), metadata={"doc": "the kinds of host", "key": "role", "required": True}
    )
    checks: tuple[Check, ...] = field(
        default=(),
        metadata={
            "doc": "the rows, in the order they are asked of a host",
            "key": "check",
            "required": True,
        },
    )
    capabilities: tuple[Capability, ...] = field(
        default=(),
        metadata={
            "doc": "what is judged; a role that has none is judged by the loss of its checks",
            "key": "capability",
        },
    )
    sha256: str = field(default="", metadata={"derived": True})
    """Hash of the file it was read from; not a key of the form."""

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
