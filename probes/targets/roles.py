"""Roles of a profile by the words that are typed for them: ids, titles, unique prefixes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from profiles.errors import nearest
from profiles.model import Profile

ROLE = re.compile(r"[\w.-]{0,64}")
"""Text before an `=` that may be meant as a role."""
_MAX_NAMED = 8
_SEPARATORS = re.compile(r"[\s._-]+")
_KEYS = re.compile(r"""(?:^|[\s,;"'])([\w.-]{1,64})[^\S\r\n]*=""")


class Roles:
    """Roles by id and by other words; an id as it is written comes before all others."""

    def __init__(self, profile: Profile) -> None:
        self.by_id = {role.id: role for role in profile.roles}
        self._ids = {id: _folded(id) for id in self.by_id}
        # A title of one word may be the beginning of several ids, as Windows is.
        phrases = {role.id: role.title for role in profile.roles if len(role.title.split()) > 1}
        self._titles = {id: _folded(title) for id, title in phrases.items()}
        titles = sorted(phrases.values(), key=len, reverse=True)
        words = "|".join(r"\s+".join(map(re.escape, title.split())) for title in titles)
        self._title_key = re.compile(
            rf"""(?<![^\s,;"'])["']?\b({words or "(?!)"})["']?[^\S\r\n]*=["']?""", re.IGNORECASE
        )

    def spelled(self, word: str) -> str:
        """Id of the role that a word spells in whatever case and with whatever separators."""
        if word in self.by_id:
            return word
        folded = _folded(word)
        found = [id for id, one in self._ids.items() if one == folded]
        found = found or [id for id, one in self._titles.items() if one == folded]
        return found[0] if len(found) == 1 else ""

    def begun(self, word: str) -> list[str]:
        """Ids of the roles that a word is the beginning of."""
        folded = _folded(word)
        return [id for id, one in self._ids.items() if folded and one.startswith(folded)]

    def begins(self, word: str, prefixes: bool, bare: bool) -> bool:
        """True for the `ROLE=…` with which a line begins, if `bare` for a role alone."""
        key, equals, _ = word.partition("=")
        if not equals:
            return bare and bool(self.spelled(key))
        return bool(self.spelled(key) or (prefixes and self.begun(key)))

    def similar(self, word: str) -> list[str]:
        """Ids of the roles that a word was probably meant as."""
        folded = word[:64].casefold()
        found = self.begun(word) or [
            id
            for id, role in self.by_id.items()
            if folded in id.split(".") or folded in role.title.casefold().split()
        ]
        return found or [id for id in [nearest(folded, self.by_id)] if id]

    def are_all_keys(self, text: str) -> bool:
        """True if every `KEY=` of a text is a role: only then is a prefix believed.

        The keys of an LDAP name (`CN=pc1,E=…`) or of settings may begin as a role by chance.
        """
        return all(self.spelled(key) or self.begun(key) for key in set(_KEYS.findall(text)))

    def with_ids(self, text: str) -> tuple[str, list[str]]:
        """The text with `id=` for `TITLE=`, and the titles that were replaced."""
        replaced: list[str] = []

        def id_of(match: re.Match[str]) -> str:
            id = self.spelled(match[1])
            if not id:
                return match[0]
            replaced.append(match[1])
            return f"{id}="

        return (self._title_key.sub(id_of, text), replaced) if "=" in text else (text, [])


def listed(ids: list[str]) -> str:
    """Ids joined by `or`."""
    return " or ".join(_cut(ids))


def _cut(ids: list[str]) -> Iterator[str]:
    yield from ids[:_MAX_NAMED]
    if len(ids) > _MAX_NAMED:
        yield "another"


def _folded(word: str) -> str:
    return _SEPARATORS.sub("", word).casefold()
