"""What environments list, as Python reads it."""

import pytest

from puck._description import chosen


@pytest.mark.parametrize(
    ("direct", "expected"),
    [("", "v10"), ("v10", "v10"), ("v2", "v2"), ("v1 v2", "v2"), ("v1 v2 v10", "v10")],
)
def test_the_series_that_a_plain_name_means(direct, expected):
    listed = [
        ("kernels", f"{series[1:]}.0.0", series, series in direct.split())
        for series in ("v1", "v2", "v10")
    ]
    assert chosen(listed)[2] == expected
