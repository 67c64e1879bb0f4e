from profiles.circle import circle


def test_a_chain_and_a_diamond_are_no_circle():
    assert circle({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == ()


def test_a_circle_is_named_without_the_way_into_it():
    assert circle({"a": ["b"], "b": ["c"], "c": ["d"], "d": ["b"]}) == ("b", "c", "d", "b")


def test_a_chain_as_long_as_a_file_does_not_exhaust_the_stack():
    edges = {str(i): [str(i + 1)] for i in range(50_000)}
    edges["50000"] = ["49999"]
    assert circle(edges) == ("49999", "50000", "49999")
