from __future__ import annotations

import contextlib
import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import dcerpc, endpoint_mapper
from probes.wire.dcerpc import Interface, Malformed
from probes.wire.endpoint_mapper import Endpoint, name_of, rank_of

FLOORS = {"tcp": 0x07, "udp": 0x08, "http": 0x1F, "pipe": 0x0F, "local": 0x10}
HANDLE = bytes(range(20))


def floor(left: bytes, right: bytes) -> bytes:
    return struct.pack("<H", len(left)) + left + struct.pack("<H", len(right)) + right


def tower(one: Endpoint) -> bytes:
    def syntax(interface: Interface) -> bytes:
        left = b"\x0d" + interface.uuid.bytes_le + struct.pack("<H", interface.major)
        return floor(left, struct.pack("<H", interface.minor))

    where = one.name.encode() + b"\0" if one.port is None else struct.pack(">H", one.port)
    floors = [syntax(one.interface), syntax(dcerpc.NDR), floor(b"\x0b", b"\0\0")]
    floors += [floor(bytes([FLOORS[one.protocol]]), where), floor(b"\x09", bytes(4))]
    return struct.pack("<H", len(floors)) + b"".join(floors)


def table(
    endpoints: list[Endpoint],
    *,
    order: str = "<",
    status: int = 0,
    towers: list[bytes] | None = None,
) -> bytes:
    def number(*values: int) -> bytes:
        return struct.pack(f"{order}{len(values)}I", *values)

    data = bytearray(HANDLE + number(len(endpoints), 500, 0, len(endpoints)))
    for at, one in enumerate(endpoints):
        data += bytes(-len(data) % 4)
        text = one.annotation.encode() + b"\0"
        data += bytes(16) + number(at + 1, 0, len(text)) + text
    for whole in towers if towers is not None else [tower(one) for one in endpoints]:
        data += bytes(-len(data) % 4)
        data += number(len(whole), len(whole)) + whole
    data += bytes(-len(data) % 4)
    return bytes(data) + number(status)


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=30)
INTERFACES = st.builds(Interface, st.uuids(), st.integers(0, 65535), st.integers(0, 65535))
ENDPOINTS = st.one_of(
    st.builds(
        Endpoint,
        INTERFACES,
        WORDS,
        st.sampled_from(["tcp", "udp", "http"]),
        st.integers(0, 65535),
    ),
    st.builds(Endpoint, INTERFACES, WORDS, st.sampled_from(["pipe", "local"]), st.none(), WORDS),
)
ONE = Endpoint(Interface(UUID(int=5), 1), "Event log", "tcp", 49664)


@given(st.lists(ENDPOINTS, max_size=8), st.sampled_from(["<", ">"]), st.integers(0, 2**32 - 1))
def test_a_table_is_read_as_it_was_written(
    endpoints: list[Endpoint], order: str, status: int
) -> None:
    page = endpoint_mapper.page(table(endpoints, order=order, status=status), order)
    assert page == endpoint_mapper.Page(HANDLE, status, tuple(endpoints))


def test_a_lookup_asks_for_every_entry_and_carries_the_handle() -> None:
    data = endpoint_mapper.lookup(HANDLE, 250)
    assert struct.unpack_from("<IIII", data) == (0, 0, 0, 1)
    assert data[16:36] == HANDLE
    assert struct.unpack_from("<I", data, 36) == (250,)


@given(st.integers(0, len(table([ONE, ONE])) - 1))
def test_a_table_cut_short_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        endpoint_mapper.page(table([ONE, ONE])[:size], "<")


def test_a_table_that_announces_more_than_it_has_is_malformed_at_once() -> None:
    data = HANDLE + struct.pack("<IIII", 0xFFFFFFFF, 0xFFFFFFFF, 0, 0xFFFFFFFF) + bytes(64)
    with pytest.raises(Malformed):
        endpoint_mapper.page(data, "<")


@pytest.mark.parametrize("sizes", [(1, 0, 0, 1), (1, 500, 1, 1), (1, 500, 0, 0), (0, 500, 0, 1)])
def test_a_table_whose_sizes_contradict_each_other_is_malformed(sizes: tuple[int, ...]) -> None:
    data = bytearray(table([ONE]))
    data[20:36] = struct.pack("<4I", *sizes)
    with pytest.raises(Malformed):
        endpoint_mapper.page(bytes(data), "<")


def test_an_escape_sequence_in_an_annotation_is_made_harmless() -> None:
    hostile = Endpoint(ONE.interface, "\x1b[2J", "pipe", None, "\x1b]0;x")
    (read,) = endpoint_mapper.page(table([hostile]), "<").endpoints
    assert "\x1b" not in read.annotation + read.name


def test_a_tower_that_cannot_be_read_is_left_out_and_the_others_stay() -> None:
    broken = b"\x05\0" + b"\xff" * 20
    page = endpoint_mapper.page(table([ONE, ONE], towers=[broken, tower(ONE)]), "<")
    assert page.endpoints == (ONE,)


@given(st.binary(max_size=150))
def test_a_garbled_tower_never_breaks_the_reader(data: bytes) -> None:
    page = endpoint_mapper.page(table([ONE], towers=[data]), "<")
    assert len(page.endpoints) <= 1


@given(st.binary(max_size=400), st.sampled_from(["<", ">"]))
def test_garbage_is_malformed_or_read(data: bytes, order: str) -> None:
    with contextlib.suppress(Malformed):
        endpoint_mapper.page(data, order)


@given(st.integers(0, len(table([ONE])) - 1), st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_reader(at: int, byte: int) -> None:
    data = bytearray(table([ONE]))
    data[at] = byte
    with contextlib.suppress(Malformed):
        assert len(endpoint_mapper.page(bytes(data), "<").endpoints) <= 1


def test_the_service_control_manager_matters_more_than_a_stranger() -> None:
    manager = UUID("367abb81-9844-35f1-ad32-98f038001003")
    assert name_of(manager) == "service control manager"
    assert name_of(UUID(int=1)) == ""
    assert rank_of(manager) < rank_of(UUID(int=1))
