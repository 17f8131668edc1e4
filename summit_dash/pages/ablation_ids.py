"""The ids of the page of ablation; `assets/src/views/ablation.js` uses some of them."""

from __future__ import annotations

WANTED = "ablation-wanted"
"""The store of what the address asks of this page; null while another page is shown."""
VISIT = "ablation-visit"
"""The store of the token of the visit."""
NEXT = "ablation-next"
"""The store that says whether more is computed; a new value each time."""
ASK = "ablation-ask"
"""The store that the browser changes when it asks for what is new."""
SEEN = "ablation-seen"
"""The store of the version of what is shown."""
CANCEL = "ablation-cancel"
BODY = "ablation-body"
