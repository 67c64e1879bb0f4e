from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.ber import duration_text, generalized


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_comes_back(moment: datetime) -> None:
    text = (
        f"{moment.year:04}{moment.month:02}{moment.day:02}"
        f"{moment.hour:02}{moment.minute:02}{moment.second:02}.{moment.microsecond:06}Z"
    )
    assert generalized(text.encode()) == moment


def test_the_forms_of_kerberos_and_active_directory_are_read() -> None:
    moment = datetime(2026, 11, 23, 0, 1, 30, tzinfo=UTC)
    assert generalized(b"20261123000130Z") == generalized(b"20261123000130.0Z") == moment


def test_a_leap_second_is_the_second_after() -> None:
    assert generalized(b"20161231235960Z") == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"20261123000130", b"20261323000130Z", b"00000101000000Z", b"99991231235960Z"),
        *(b"20261123000130+0100", b"20261123000130Z\n", "２０２６1123000130Z".encode()),
    ],
)
def test_anything_else_is_no_time(raw: bytes) -> None:
    assert generalized(raw) is None


@given(st.binary(max_size=40))
def test_garbage_is_no_time_or_a_time_in_utc(raw: bytes) -> None:
    moment = generalized(raw)
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0.04, "0.0 s"), (-9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min 0 s")),
        *((-372, "6 min 12 s"), (12_000, "3 h 20 min"), (90_000, "1 d 1 h")),
    ],
)
def test_a_distance_is_said_in_two_units_at_most(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
