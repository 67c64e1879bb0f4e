"""Limit of attempts in flight."""

from __future__ import annotations

import pytest

from probes.engine.concurrency import ConcurrencyLimit


@pytest.mark.parametrize("possible", [-24, 0, 1])
def test_where_hardly_a_descriptor_is_left_one_attempt_at_a_time_goes_on(possible):
    said = []
    assert ConcurrencyLimit(1000, possible, said.append).limit == 1
    assert "1 attempt in flight instead of 1000" in said[0].text


def test_what_the_descriptor_limit_allows_is_not_spoken_of():
    said = []
    assert ConcurrencyLimit(500, 1000, said.append).limit == 500
    assert said == []
