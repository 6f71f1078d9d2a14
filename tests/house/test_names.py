"""A test has one name, in whatever process and at whatever time it is collected."""

import gzip
import time

import pytest


@pytest.mark.parametrize("data", [gzip.compress(str(time.time()).encode()), b"plain", b"a" * 41])
def test_no_bytes_in_it_that_may_be_others(data: bytes, request: pytest.FixtureRequest) -> None:
    assert request.node.callspec.id in ("data0", "plain", "data1")
