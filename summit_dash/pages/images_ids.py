"""The ids of the page of images; `assets/src/views/images.js` uses some of them."""

from __future__ import annotations

WANTED = "images-wanted"
"""The store of what the address asks of this page; null while another page is shown."""
UPLOAD = "images-upload"
VISIT = "images-visit"
"""The store of the visit: its token, and the images that were brought."""
OPACITY = "images-opacity"

NEXT = "images-next"
"""The store that says whether more is computed; a new value each time."""
ASK = "images-ask"
"""The store that the browser changes when it asks for what is new."""
SEEN = "images-seen"
"""The store of the version of what is shown."""
CLEAR = "images-clear"
CANCEL = "images-cancel"
MESSAGE = "images-message"
STRIP = "images-strip"
BODY = "images-body"
