from __future__ import annotations

import re
from pathlib import Path

from summit_dash.payloads.about import build_about
from summit_dash.payloads.glossary import GLOSSARY, name_entry
from summit_dash.run.store import RunStore

ROOT = Path(__file__).parents[3]
_LINK = re.compile(r"(?:: )?\[[^\]]+\.md\]\([^)]*\)")


def read_docs() -> dict[str, str]:
    """Reads terms and meanings of the glossary of the docs, without its marks and links."""
    rows = [line.split("|") for line in (ROOT / "docs" / "glossary.md").read_text().splitlines() if line[:1] == "|"]
    return {row[1].strip(): re.sub("[`*]", "", _LINK.sub("", row[2])).strip() for row in rows}


def test_the_glossary_says_what_the_docs_say() -> None:
    docs = read_docs()
    assert {term: docs.get(term) for term in GLOSSARY} == dict(GLOSSARY)
    assert [term for term in docs if term in GLOSSARY] == list(GLOSSARY)


def test_every_term_that_the_page_links_to_is_in_the_glossary() -> None:
    scripts = (path.read_text() for path in (ROOT / "assets" / "src").rglob("*.js"))
    linked = {entry for text in scripts for entry in re.findall(r"entry: '([^']+)'", text)}
    assert len(linked) >= 8
    assert linked <= {name_entry(term) for term in GLOSSARY}


def test_about_lists_the_glossary(store: RunStore) -> None:
    (section,) = [each for each in build_about(store)["sections"] if each["id"] == "glossary"]
    assert section["blocks"] == [{"terms": [[name_entry(term), term, text] for term, text in GLOSSARY.items()]}]
