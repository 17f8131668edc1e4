"""No parameter of a route leads to a file outside what it is for."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.security.attacks import build_paths, check_answer, list_rules

BAD = [
    "../secret", "..%2fsecret", "..%2Fsecret.json", "%2e%2e%2fsecret", "%2e%2e/secret.json", "%252e%252e%252fsecret",
    "..%255csecret", "..%5csecret", "....//secret", "../../../../../../etc/passwd", "%2fetc%2fpasswd",
    "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd%00", "secret.json%00", "secret%00.json", "%00", "%0a%0dX:1",
    "%5c%5c192.0.2.1%5cshare", "//192.0.2.1/share", "file:%2f%2f%2fetc%2fpasswd", "http:%2f%2f192.0.2.1%2f",
    "C:%5cWindows%5cwin.ini", "~%2f.ssh", "%c0%ae%c0%ae%2fsecret", "%ff%fe", "-1", "99999999999999999999999", "1e9",
    "NaN", "'%20OR%201=1", "%3Cscript%3E", "$%7B7*7%7D", "a" * 4000,
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=[str(n) for n in range(len(BAD))])
def test_a_bad_value_in_any_parameter_is_refused_in_a_line(client: FlaskClient, bad: str) -> None:
    for rule in list_rules(client.application):
        if "GET" in (rule.methods or ()):
            for path in build_paths(rule, bad):
                check_answer(client.get(path))


@pytest.mark.parametrize("bad", BAD, ids=[str(n) for n in range(len(BAD))])
def test_a_bad_value_in_any_query_is_refused_in_a_line(client: FlaskClient, bad: str) -> None:
    for name in ("vs", "covers", "theme"):
        answer = client.get(f"/run/synthetic/graph/0.json?{name}={bad}")
        check_answer(answer)
        assert answer.status_code in (200, 400)
    for name in ("next", "v", "token", "class"):
        check_answer(client.get(f"/?{name}={bad}"))
        check_answer(client.get(f"/sign-in?{name}={bad}"))


@pytest.mark.parametrize("layer", ["../../secret", "/etc/passwd", "conv1\x00", "__proto__", "../x", None, 3, {}])
@pytest.mark.parametrize("channel", [0, -1, 10**30, "0", 1.5, True, None])
def test_labels_are_of_channels_alone(client: FlaskClient, layer: object, channel: object) -> None:
    content = {"layer": layer, "channel": channel, "label": "x"}
    answer = client.post("/run/synthetic/labels", json=content, headers={"X-Summit-Dash": "labels"})
    check_answer(answer)
    assert answer.status_code == 400
