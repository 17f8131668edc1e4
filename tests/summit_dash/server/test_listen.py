from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.server.listen import listen


def test_zero_is_any_free_port() -> None:
    with listen("127.0.0.1", 0) as sock:
        assert sock.getsockname()[1] > 0


@pytest.mark.parametrize("port", [-1, 65_536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(InputError, match="from 0 to 65535"):
        listen("127.0.0.1", port)
