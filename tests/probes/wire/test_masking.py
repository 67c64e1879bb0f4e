"""Secrets in texts and bytes of a peer, in every spelling."""

from __future__ import annotations

import base64
import re
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import snmp
from probes.wire.masking import (
    MASK,
    NO_SECRETS,
    byte_count,
    dump,
    in_force,
    mask_in_force,
    mask_of,
    shown,
    without_encodings,
)
from probes.wire.ssh import auth_failure, auth_request
from probes.wire.text import printable
from probes.wire.unexpected import excerpt
from tests.spellings import SPELLINGS

SECRET = "Xyz-Geheim& 7/+%"
LONG = "Xyzzy-Geheim-0123456789" * 40


ENCLOSING = re.compile(r"\"|&quot;|0x|(?<=\*) |\n")
"""Quotes and the like that are no part of what they enclose."""


@pytest.fixture(params=SPELLINGS)
def spelled(request: pytest.FixtureRequest) -> str:
    return SPELLINGS[request.param](SECRET)


def test_a_secret_is_masked_in_every_spelling_and_the_rest_stays(spelled: str) -> None:
    with in_force(mask_of([SECRET])):
        line = printable(f"You said <<{spelled}>>, go away", 2000)
        assert ENCLOSING.sub("", line) == f"You said <<{MASK}>>, go away"
        assert printable(f"You said <<{spelled}>>, go away".encode(), 2000) == line


def test_a_secret_is_masked_in_every_spelling_before_bytes_become_hex(spelled: str) -> None:
    with in_force(mask_of([SECRET])):
        hidden = dump(f"You said <<{spelled}>>, go away".encode(), 2000)
    if hidden != MASK:
        before, mask, after = hidden.partition(MASK)
        text = (bytes.fromhex(before) + bytes.fromhex(after)).decode()
        assert mask == MASK
        assert ENCLOSING.sub("", text) == "You said <<>>, go away"


@given(
    secret=st.text(min_size=4, max_size=40, alphabet=string.printable[:95] + "äß€中𝄞").filter(
        lambda text: (
            text == text.strip()
            and len("".join(text.split())) >= 4
            # Hypothesis tries the words of the module too.
            and "".join(text.split()).lower() not in "auditreach"
        )
    ),
    spelling=st.sampled_from(sorted(SPELLINGS)),
    before=st.text(max_size=20, alphabet="<>{}|~^`\n "),
    after=st.text(max_size=20, alphabet="<>{}|~^`\n "),
    limit=st.integers(1, 400),
)
def test_no_secret_is_left_wherever_a_text_is_cut(secret, spelling, before, after, limit) -> None:
    if "case" in spelling and not secret.isascii():
        # Bytes are searched for other cases of ASCII letters alone.
        return
    if spelling in ("tags between", "bold in part") and {*secret, *before, *after} & {*"<>"}:
        # Nobody can tell its tags from those between its letters.
        return
    said = f"{before}{SPELLINGS[spelling](secret)}{after}"
    rest = "".join(f"{before}{after}{MASK}\"'&;quotamp".split()) + "…\\"
    with in_force(mask_of([secret])):
        line = printable(said, limit)
        hidden = dump(said.encode(), limit)
    assert set("".join(line.split())) <= set(rest)
    if hidden != MASK:
        kept = bytes.fromhex(hidden.replace(MASK, "").removesuffix("…"))
        assert set("".join(kept.decode("utf-8", "replace").split())) <= set(rest)


def test_a_secret_in_latin_1_and_utf_16_is_masked_in_bytes() -> None:
    with in_force(mask_of(["Pässwört-€"])):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            data = "Pässwört-€".encode(encoding)
            line = printable(b"<" + data + b">").replace("\\x00", "").replace(" ", "")
            assert line == f"<{MASK}>"
    with in_force(mask_of(["Pässwört"])):
        assert printable(b"<" + "Pässwört".encode("latin-1") + b">") == f"<{MASK}>"


def test_a_beginning_of_a_long_secret_is_masked_too() -> None:
    with in_force(mask_of([LONG])):
        for size in (15, 63, 160, 255, 900):
            assert printable(f"name {LONG[:size]}!") == f"name {MASK}!"
            assert printable(f"name {LONG[:size].upper()}") == f"name {MASK}"


@pytest.mark.parametrize("limit", range(1, 24))
def test_a_text_is_masked_before_it_is_cut(limit: int) -> None:
    with in_force(mask_of([LONG])):
        line = printable(f"you said {LONG}", limit)
    assert "X" not in line
    assert len(line) <= limit


def test_the_mask_has_one_length_for_every_secret() -> None:
    lines = set()
    for secret in ("abcd", "Xyzzy-Geheim", LONG):
        with in_force(mask_of([secret])):
            lines.add((printable(f"a {secret} b", 40), dump(f"a {secret} b".encode(), 40)))
    assert len(lines) == 1


def test_no_part_of_base64_is_left_that_tells_a_length() -> None:
    lines = set()
    for size in range(4, 12):
        with in_force(mask_of(["x" * size])):
            lines.add(printable(f"Basic {SPELLINGS['base64 of a login']('x' * size)}, go"))
    assert lines == {f"Basic {MASK}, go"}


@pytest.mark.parametrize("secret", ["ab", "abc", "a1", "x-y"])
def test_a_short_secret_is_masked_as_a_word_alone(secret: str) -> None:
    with in_force(mask_of([secret])):
        assert printable(f"you said {secret}, {secret}!") == f"you said {MASK}, {MASK}!"
        assert printable(f"z{secret}z a cabcab") == f"z{secret}z a cabcab"


@pytest.mark.parametrize(
    "secret", ["    ", "\u3000\u3000\u3000\u3000", "a   ", " a b ", "\x01\x02\x03\x04"]
)
def test_a_secret_of_little_but_white_space_is_none_of_single_letters(secret: str) -> None:
    with in_force(mask_of([secret])):
        assert printable("a banana, a b c") == "a banana, a b c"
        assert printable(f"<{secret}>") == f"<{MASK}>"


def test_a_secret_is_masked_whether_its_letters_are_composed_or_not() -> None:
    for secret in ("Pässwört", unicodedata.normalize("NFD", "Pässwört")):
        with in_force(mask_of([secret])):
            for form in ("NFC", "NFD"):
                assert printable(f"<{unicodedata.normalize(form, secret)}>") == f"<{MASK}>"


def test_a_single_letter_is_no_secret_of_a_text() -> None:
    with in_force(mask_of(["a"])):
        assert printable("a web server") == "a web server"


def test_a_name_is_masked_as_a_word_and_in_no_other_word() -> None:
    with in_force(mask_of([], names=["audit"])):
        assert printable("Audit of auditors by auditreach, audit:") == (
            f"{MASK} of auditors by auditreach, {MASK}:"
        )


def test_the_programs_own_name_is_not_broken_by_a_secret_that_is_a_part_of_it() -> None:
    with in_force(mask_of(["audit"])):
        assert printable("User-Agent: auditreach; audit") == f"User-Agent: auditreach; {MASK}"


@pytest.mark.parametrize("version", [snmp.V1, snmp.V2C])
@pytest.mark.parametrize("short", ["a", "ab", "public"])
def test_the_message_of_a_community_does_not_tell_its_length(version: int, short: str) -> None:
    seen = set()
    for community in (short, "Xyzzy", LONG[:120], LONG[:200], LONG[:300]):
        data = snmp.get(version, community.encode(), 7, ("1.3.6.1.2.1.1.1.0",))
        with in_force(mask_of([], communities=[community])):
            assert mask_in_force().hidden_in(data)
            seen.add(dump(data, 128))
    assert len(seen) == 1
    assert seen.pop().startswith(f"{MASK}a0")


def test_what_encloses_a_secret_in_bytes_is_dropped_with_it() -> None:
    for community in ("Xyzzy", LONG[:100]):
        data = snmp.get(snmp.V2C, community.encode(), 7, ())
        with in_force(mask_of([community], communities=[community])):
            assert dump(b"you said " + data, 128) == MASK
            assert dump(b"\0\0\0\x09" + community.encode(), 128) == MASK
            assert byte_count(b"you said " + data) == "some bytes"
            assert excerpt(b"\0\1\2" + data) == f"some bytes that begin with {MASK}"


def test_lines_before_bytes_with_a_secret_are_kept() -> None:
    with in_force(mask_of(["Xyzzy"])):
        for after in (b"\x16\x03\1", b"\x16\x03Xyzzy\1"):
            data = b"CONNECT a:1\r\nLogin: Xyzzy\r\n\r\n" + after
            assert dump(data, 128) == f"{data[:20].hex()}***…"
            assert dump(b"ok\r\n0>Xyzzy" + after, 128) == f"{b'ok'.hex()}0d0a…"
        assert dump(b"\x16\x03\r\nXyzzy", 128) == MASK


def test_the_length_of_a_page_that_holds_a_secret_is_not_told() -> None:
    seen = set()
    for secret in ("Xyzzy", LONG):
        body = f"you said {secret}"
        page = f"HTTP/1.1 407 No\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        with in_force(mask_of([secret])):
            seen.add(dump(page.encode(), 128))
    assert len(seen) == 1


def test_without_secrets_nothing_is_changed() -> None:
    assert mask_of([]) is mask_of([""]) is NO_SECRETS
    data = bytes(range(256))
    facts = {"a": ["616263"]}
    assert dump(data, 128) == data[:128].hex() + "…"
    assert dump(data, 4, " ") == "00 01 02 03 …"
    assert dump(b"", 4) == ""
    assert shown("text") == "text"
    assert without_encodings(facts) is facts
    assert byte_count(b"ab") == "2 bytes"


def test_facts_are_searched_for_hex_and_base64_at_any_depth_and_for_no_words() -> None:
    with in_force(mask_of(["Xyzzy", "accepted"])):
        facts = {
            "engine_id": f"8000{b'Xyzzy'.hex()}",
            "chain": [{"serial": b"Xyzzy".hex(":")}, base64.b64encode(b"Xyzzy").decode(), 7, None],
            "community": "accepted",
        }
        assert without_encodings(facts) == {
            "engine_id": f"8000{MASK}",
            "chain": [{"serial": MASK}, f"{MASK}k=", 7, None],
            "community": "accepted",
        }


@given(st.binary(max_size=300), st.text(min_size=1, max_size=20), st.integers(0, 200))
def test_any_bytes_can_be_dumped(data: bytes, secret: str, limit: int) -> None:
    mask = mask_of([secret], names=[secret], communities=[secret])
    for cut in (False, True):
        text = mask.dump(data, limit, cut=cut).replace(MASK, "").removesuffix("…")
        assert len(bytes.fromhex(text)) <= limit
    mask.masked(data.decode("latin-1"))
    mask.without_encodings(data.decode("latin-1"))


def ssh_strings(*texts: bytes) -> bytes:
    return b"".join(len(text).to_bytes(4, "big") + text for text in texts)


def test_methods_of_ssh_stay_readable_although_a_secret_is_the_same_word() -> None:
    offered = ssh_strings(b"publickey,password") + b"\0"
    asked = ssh_strings(b"audit", b"ssh-connection", b"password")
    with in_force(mask_of(["password", "publickey"])):
        assert auth_failure(offered).methods == ("publickey", "password")
        assert auth_request(asked).method == "password"


def test_a_secret_with_commas_is_masked_in_a_list_of_methods() -> None:
    with in_force(mask_of(["ab,cd,efgh"])):
        failure = auth_failure(ssh_strings(b"password,ab,cd,efgh,none") + b"\0")
    assert failure.methods == ("password", MASK, "none")


def test_a_mask_ends_with_the_probe_it_was_put_in_force_for() -> None:
    with in_force(mask_of(["Xyzzy"])):
        assert printable("Xyzzy") == MASK
    assert printable("Xyzzy") == "Xyzzy"
    assert mask_in_force() is NO_SECRETS
