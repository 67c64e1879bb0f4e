"""The hosts file: which names stand in it."""

import pytest

from probes.vantage.local.dns import hosts_file_addresses


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dc1", {"10.0.0.7"}),
        ("DC1.corp.", {"10.0.0.7"}),
        ("dc2", set()),
        ("dc3", set()),
        ("c1", set()),
        ("localhost", {"127.0.0.1"}),
    ],
)
def test_only_whole_names_outside_comments_are_listed(hosts, name, expected):
    assert hosts_file_addresses(name, hosts) == expected


def test_a_hosts_file_that_is_not_there_or_not_text_lists_nothing(tmp_path):
    (tmp_path / "hosts").write_bytes(b"\xff\xfe dc1\nnonsense dc1\n")
    assert hosts_file_addresses("dc1", tmp_path / "hosts") == frozenset()
    assert hosts_file_addresses("dc1", tmp_path / "none") == frozenset()
    assert hosts_file_addresses("dc1", tmp_path) == frozenset()
