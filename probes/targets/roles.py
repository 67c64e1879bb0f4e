"""Roles of a profile by what is typed for them: ids, titles, words, unique prefixes. Pure."""

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
        titles = {role.id: role.title for role in profile.roles if " " in role.title.strip()}
        self._titles = {id: _folded(title) for id, title in titles.items()}
        self._words: dict[str, list[str]] = {}
        """Ids of the roles that each plain word means."""
        self._beginnings = [*self._ids.items()]
        for role in profile.roles:
            for folded, word in {_folded(word): word for word in role.words}.items():
                self._words.setdefault(folded, []).append(role.id)
                if " " not in word:
                    # Domain begins a domain controller, and means another thing.
                    self._beginnings.append((role.id, folded))
        phrases = [*titles.values(), *(word for one in profile.roles for word in one.words)]
        ordered = sorted((one for one in phrases if " " in one), key=len, reverse=True)
        words = "|".join(r"\s+".join(map(re.escape, one.split())) for one in ordered)
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

    def meant(self, word: str) -> list[str]:
        """Ids of the roles that a word before an `=` may mean: one if it is certain.

        The word is an id or a title, or one of the plain words of the profile, or how one of these
        begins.
        """
        id = self.spelled(word)
        folded = _folded(word)
        if id or not folded:
            return [id] if id else []
        if folded in self._words:
            return self._words[folded]
        found = {id for id, one in self._beginnings if one.startswith(folded)}
        return [id for id in self.by_id if id in found]

    def is_word(self, word: str) -> bool:
        """True for one of the plain words of the profile, as it is written there in any case."""
        return _folded(word) in self._words

    def begins(self, word: str, prefixes: bool, bare: bool) -> bool:
        """True for the `ROLE=…` with which a line begins, if `bare` for a role alone."""
        key, equals, _ = word.partition("=")
        if not equals:
            return bare and bool(self.spelled(key))
        return bool(self.spelled(key) or (prefixes and self.meant(key)))

    def similar(self, word: str) -> list[str]:
        """Ids of the roles that a word was probably meant as."""
        folded = word[:64].casefold()
        found = self.meant(word[:64]) or [
            id
            for id, role in self.by_id.items()
            if folded in id.split(".") or folded in role.title.casefold().split()
        ]
        if found:
            return found
        near = nearest(folded, [*self.by_id, *self._words])
        return self._words.get(near, [near]) if near else []

    def are_all_keys(self, text: str) -> bool:
        """True if every `KEY=` of a text is a role: only then is a word or a prefix believed.

        The keys of an LDAP name (`CN=pc1,DC=…`) or of settings may begin as a role by chance.
        """
        return all(map(self.meant, set(_KEYS.findall(text))))

    def with_ids(self, text: str) -> tuple[str, list[str]]:
        """The text with `id=` for the titles and words of several words, and what was replaced."""
        replaced: list[str] = []

        def id_of(match: re.Match[str]) -> str:
            meant = self.meant(match[1])
            if len(meant) != 1:
                return match[0]
            replaced.append(match[1])
            return f"{meant[0]}="

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
