"""Pictures of a visit: sent by their address, kept on no disk, gone with the visit."""

from __future__ import annotations

from summit_dash.live.service import EXTENSION, Live
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app


def test_a_picture_is_sent_until_the_visit_forgets_it(store: RunStore) -> None:
    server = create_app([store]).server
    live: Live = server.extensions[EXTENSION]["live"]
    visit = live.visits.open()
    address = f"/{visit.shelf.put(b'picture', 'jpeg')}"
    client = server.test_client()
    found = client.get(address)
    assert (found.data, found.mimetype, found.headers["Cache-Control"]) == (b"picture", "image/jpeg", "no-store")
    assert visit.token not in address
    assert client.get(address.replace(".jpeg", ".png")).status_code == 404
    assert client.get(address.replace(visit.shelf.name, "other")).status_code == 404
    live.visits.clear(visit)
    assert client.get(address).status_code == 404
