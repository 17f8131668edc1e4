from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from precompute.contract.errors import InputError
from summit_dash.run.store import RunStore
from summit_dash.server.attempts import FREE
from summit_dash.server.users_file import add_user, remove_user
from tests.support.team import PASSWORD, TOKEN, build_client, sign_in, write_team

HTML = {"Accept": "text/html"}
LABEL = {"X-Summit-Dash": "labels"}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_team(tmp_path_factory.mktemp("team"))


@pytest.fixture
def client(store: RunStore, team: Path) -> FlaskClient:
    return build_client(store, auth=str(team))


@pytest.fixture
def link_client(store: RunStore) -> FlaskClient:
    return build_client(store, host="0.0.0.0", token=TOKEN)


# --- signing in -----------------------------------------------------------------------------------------------------


def test_who_has_not_signed_in_is_led_to_the_form_and_then_to_the_page_that_was_asked_for(client: FlaskClient) -> None:
    answer = client.get("/?class=3&vs=4", headers=HTML)
    assert answer.status_code == 303
    form = client.get(answer.location)
    action = re.search(r'action="([^"]*)"', form.text)
    assert action is not None
    signed = client.post(action[1], data={"name": "viewer", "password": PASSWORD})
    assert (signed.status_code, signed.location) == (303, "/?class=3&vs=4")
    assert client.get("/_dash-layout").status_code == 200


def test_programs_get_one_line(client: FlaskClient) -> None:
    answer = client.get("/run/synthetic/data/run.json")
    assert (answer.status_code, answer.text) == (401, "Sign in first.\n")


def test_a_wrong_password_is_told_in_the_form(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"name": "<viewer>", "password": "wrong horse"})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "&lt;viewer&gt;" in answer.text
    assert PASSWORD not in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "asked",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\nSet-Cookie:a=b", "x", ""],
)
def test_signing_in_leads_to_no_other_server(client: FlaskClient, asked: str) -> None:
    answer = client.post("/sign-in", query_string={"next": asked}, data={"name": "viewer", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/")


def test_a_link_of_another_site_asks_once_more_so_that_the_browser_sends_its_cookie(client: FlaskClient) -> None:
    answer = client.get('/?a="><script>', headers={**HTML, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert 'content="0; url=/?a=%22%3E%3Cscript%3E"' in answer.text


def test_signing_in_twice_leads_back_to_the_page(client: FlaskClient) -> None:
    sign_in(client, "viewer")
    answer = client.get("/sign-in?next=/?class=3")
    assert (answer.status_code, answer.location) == (303, "/?class=3")


# --- the session ----------------------------------------------------------------------------------------------------


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_behind_https_from_plain_lines(
    store: RunStore, team: Path
) -> None:
    client = build_client(store, auth=str(team), trusted_proxy=["127.0.0.1"], url_prefix="/tools/")
    for scheme, is_secure in (("http", False), ("https", True)):
        answer = client.post(
            "/tools/sign-in",
            data={"name": "viewer", "password": PASSWORD},
            headers={"X-Forwarded-Proto": scheme},
        )
        words = {word.strip() for word in answer.headers["Set-Cookie"].split(";")}
        assert {"HttpOnly", "SameSite=Strict", "Path=/tools/"} <= words
        assert ("Secure" in words) == is_secure


def test_signing_out_ends_the_session_also_for_a_copy_of_its_cookie(client: FlaskClient) -> None:
    sign_in(client, "viewer")
    cookie = client.get_cookie("summit_dash_8050")
    assert cookie is not None
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.headers["Clear-Site-Data"]) == (303, '"cache"')
    assert client.get("/_dash-layout").status_code == 401
    client.set_cookie("summit_dash_8050", cookie.value)
    assert client.get("/_dash-layout").status_code == 401


def test_a_new_password_another_role_and_removal_count_at_once(store: RunStore, tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    add_user(file, "ada", PASSWORD, "viewer")
    add_user(file, "grace", PASSWORD, "viewer")
    client, other = (build_client(store, auth=str(file)) for _ in range(2))
    sign_in(client, "ada")
    sign_in(other, "grace")
    add_user(file, "ada", "another horse", "viewer")
    remove_user(file, "grace")
    assert client.get("/_dash-layout").status_code == other.get("/_dash-layout").status_code == 401
    assert sign_in(client, "ada", "another horse") == 303


def test_several_processes_know_each_others_sessions(store: RunStore, team: Path) -> None:
    first, second = (build_client(store, auth=str(team)) for _ in range(2))
    sign_in(first, "viewer")
    cookie = first.get_cookie("summit_dash_8050")
    assert cookie is not None
    second.set_cookie("summit_dash_8050", cookie.value)
    assert second.get("/_dash-layout").status_code == 200


def test_what_is_sent_after_signing_in_is_kept_by_this_browser_alone(client: FlaskClient, store: RunStore) -> None:
    sign_in(client, "viewer")
    path = "/run/synthetic/data/class/3.json"
    assert client.get(path).headers["Cache-Control"].startswith("private")
    assert build_client(store).get(path).headers["Cache-Control"].startswith("public")


# --- the link -------------------------------------------------------------------------------------------------------


def test_the_link_opens_the_page_and_the_token_leaves_the_address(link_client: FlaskClient) -> None:
    answer = link_client.get(f"/?class=3&token={TOKEN}", headers=HTML)
    assert (answer.status_code, answer.location) == (303, "/?class=3")
    assert link_client.get("/", headers=HTML).status_code == 200
    again = link_client.get(f"/?token={TOKEN}", headers=HTML)
    assert (again.status_code, again.location) == (303, "/")


def test_the_token_can_be_typed_and_programs_send_it_as_a_header(link_client: FlaskClient) -> None:
    assert link_client.get("/_dash-layout", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert link_client.get("/_dash-layout").status_code == 401
    assert 'name="name"' not in link_client.get("/sign-in").text
    assert link_client.post("/sign-in", data={"password": TOKEN}).status_code == 303
    assert link_client.get("/_dash-layout").status_code == 200


def test_a_program_asks_many_things_at_once_and_one_that_guesses_has_to_wait(link_client: FlaskClient) -> None:
    server = link_client.application
    right, wrong = ({"Authorization": f"Bearer {token}"} for token in (TOKEN, "guess"))
    together = threading.Barrier(12)

    def ask(_: int) -> int:
        together.wait()
        return server.test_client().get("/run/synthetic/data/run.json", headers=right).status_code

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(ask, range(12))) == {200}
    for _ in range(FREE):
        link_client.get("/_dash-layout", headers=wrong)
    assert link_client.get("/_dash-layout", headers=right).status_code == 401


def test_a_link_reads_unless_the_settings_say_more(store: RunStore, link_client: FlaskClient) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert link_client.post("/run/synthetic/labels", json={}, headers={**LABEL, **bearer}).status_code == 403
    editor = build_client(store, host="0.0.0.0", token=TOKEN, role="editor")
    assert editor.post("/run/synthetic/labels", json={}, headers={**LABEL, **bearer}).status_code == 400


@pytest.mark.parametrize(
    "guess",
    [
        lambda client, text: client.get("/", query_string={"token": text}, headers=HTML),
        lambda client, text: client.post("/sign-in", data={"password": text}),
    ],
    ids=["link", "form"],
)
def test_who_guesses_has_to_wait_and_the_right_token_does_not_help(link_client: FlaskClient, guess: object) -> None:
    statuses = [guess(link_client, f"guess {n}").status_code for n in range(FREE + 3)]  # type: ignore[operator]
    assert statuses == [401] * FREE + [429] * 3
    answer = guess(link_client, TOKEN)  # type: ignore[operator]
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1


# --- roles ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "labels", "callbacks"), [("viewer", 403, 403), ("editor", 400, 403), ("runner", 400, 400)]
)
def test_each_role_may_do_what_it_says(client: FlaskClient, role: str, labels: int, callbacks: int) -> None:
    assert sign_in(client, role) == 303
    assert client.get("/run/synthetic/data/run.json").status_code == 200
    assert client.get("/run/synthetic/data/labels.json").json["editable"] == (labels != 403)
    assert client.post("/run/synthetic/labels", json={}, headers=LABEL).status_code == labels
    assert client.post("/_dash-update-component", json={}).status_code == callbacks
    layout = client.get("/_dash-layout").text
    assert ('"data-pane":"images"' in layout) == (role == "runner")
    assert f"Sign out: {role} ({role})" in layout


def test_where_several_processes_share_no_folder_nobody_computes(store: RunStore) -> None:
    several = {"environ_overrides": {"wsgi.multiprocess": True}}
    client = build_client(store)
    assert '"data-pane":"images"' not in client.get("/_dash-layout", **several).text
    assert client.get("/run/synthetic/data/labels.json", **several).json["editable"]
    assert client.post("/_dash-update-component", json={}, **several).status_code == 403


def test_where_nobody_signs_in_nothing_is_there_to_sign_out_of(store: RunStore) -> None:
    layout = build_client(store).get("/_dash-layout").text
    assert "sign-out" not in layout
    assert '"data-pane":"images"' in layout
    answer = build_client(store).get("/sign-in")
    assert (answer.status_code, answer.location) == (303, "/")


# --- a proxy that signs in ------------------------------------------------------------------------------------------


def test_a_trusted_proxy_names_the_person_and_the_file_gives_the_role(store: RunStore, team: Path) -> None:
    settings = {"auth": str(team), "trust_header": "X-Forwarded-User", "trusted_proxy": ["127.0.0.1"]}
    client = build_client(store, **settings)
    for name, editable in (("editor", True), ("stranger", False)):
        answer = client.get("/run/synthetic/data/labels.json", headers={"X-Forwarded-User": name})
        assert answer.json["editable"] is editable
    for name in ("", "a,b", "a" * 129):
        assert client.get("/_dash-layout", headers={"X-Forwarded-User": name}).status_code == 401


def test_the_header_counts_from_nobody_else(store: RunStore) -> None:
    client = build_client(store, trust_header="X-Forwarded-User", trusted_proxy=["192.0.2.7"])
    named = {"X-Forwarded-User": "ada"}
    assert client.get("/_dash-layout", headers=named).status_code == 401
    assert client.get("/", headers={**named, **HTML}).text == "Sign in at the proxy first.\n"
    proxied = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/_dash-layout", headers=named, environ_base=proxied).status_code == 200


def test_a_header_without_a_proxy_is_refused(store: RunStore) -> None:
    with pytest.raises(InputError, match="--trusted-proxy"):
        build_client(store, trust_header="X-Forwarded-User")


def test_beyond_this_machine_a_server_without_a_token_is_refused(store: RunStore) -> None:
    with pytest.raises(InputError, match="SUMMIT_DASH_TOKEN"):
        build_client(store, host="0.0.0.0")


def test_the_page_that_was_asked_for_keeps_its_whole_query(client: FlaskClient) -> None:
    answer = client.get("/?vs=4&search=%C3%A4%20%26&search=b", headers=HTML)
    wanted = parse_qs(urlsplit(answer.location).query)["next"][0]
    assert parse_qs(urlsplit(wanted).query) == {"vs": ["4"], "search": ["ä &", "b"]}
