"""The hosts file: which names stand in it."""

import pytest

from probes.engine.local.hosts_file import listed


@pytest.fixture
def hosts(tmp_path):
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n10.0.0.7\tdc1.corp DC1 # not dc2\n# 10.0.0.8 dc3\n")
    return path


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
    assert listed(name, hosts) == expected


def test_a_hosts_file_that_is_not_there_or_not_text_lists_nothing(tmp_path):
    (tmp_path / "hosts").write_bytes(b"\xff\xfe dc1\nnonsense dc1\n")
    assert listed("dc1", tmp_path / "hosts") == frozenset()
    assert listed("dc1", tmp_path / "none") == frozenset()
    assert listed("dc1", tmp_path) == frozenset()
