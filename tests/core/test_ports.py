"""What an apply needs of the world is said in protocols: they promise no more than their words."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from reconciler.core import ports


@pytest.mark.parametrize("port", [ports.Clock, ports.Reading, ports.Writing, ports.Recording])
def test_a_port_is_a_protocol_whose_every_method_says_its_contract(port: Any) -> None:
    assert Protocol in port.__mro__
    methods = [value for name, value in vars(port).items() if not name.startswith("_")]
    assert methods
    assert all(method.__doc__ for method in methods)


def test_who_may_write_may_also_read() -> None:
    assert ports.Reading in ports.Writing.__mro__
