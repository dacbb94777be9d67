"""Published numbers: the loader, and the text held against the files."""

import json
import re

import nbformat
import pytest

from ganbook import published
from ganbook.published import Published
from support.paths import ROOT

ROW = {
    "id": "a",
    "value": 9.8,
    "spread": 0.9,
    "unit": None,
    "source": "key2020",
    "where": "Table 1",
    "setting": "ten runs",
    "seen": True,
}
KEYS = set(
    re.findall(
        r"^@\w+\{([^,\s]+),",
        "\n".join(
            p.read_text()
            for p in [ROOT / "notebooks/references.bib", *(ROOT / "notebooks/refs").glob("*.bib")]
        ),
        re.M,
    )
)


def test_an_entry_is_quoted_with_the_digits_that_were_printed():
    assert str(published.parse([ROW])["a"]) == "9.8 ± 0.9"
    assert str(published.parse([ROW | {"spread": None}])["a"]) == "9.8"
    assert str(published.parse([ROW | {"value": 20.0, "spread": 5.0}])["a"]) == "20.0 ± 5.0"
    assert str(published.parse([ROW | {"value": 1000, "spread": None}])["a"]) == "1000"
    two = published.parse([ROW | {"value": 3.4, "spread": 0.1, "digits": 2}])["a"]
    assert str(two) == "3.40 ± 0.10"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([ROW, ROW], "called 'a'"),
        ([{k: v for k, v in ROW.items() if k != "where"}], "where"),
        ([ROW | {"colour": 1}], "colour"),
        ([ROW | {"setting": " "}], "lacks its source"),
        ([ROW | {"value": float("nan")}], "finite"),
        ([ROW | {"spread": float("inf")}], "finite"),
    ],
)
def test_a_file_that_says_too_little_is_refused(rows, says):
    with pytest.raises(ValueError, match=says):
        published.parse(rows)


def test_a_chapter_without_a_file_is_refused():
    with pytest.raises(ValueError, match="chapter99.json"):
        published.load(99)
    assert all(published.load(n) for n in published.chapters())


@pytest.mark.parametrize("chapter", published.chapters())
def test_entries_are_complete_and_their_sources_are_in_the_bibliography(chapter):
    for entry in published.load(chapter).values():
        assert isinstance(entry, Published)
        assert isinstance(entry.seen, bool)
        assert entry.source in KEYS, f"{entry.id}: no reference {entry.source}"


def complaints(text: str, ids: list[str], entries: dict[str, Published]) -> list[str]:
    """What a Markdown cell that names these entries gets wrong about them."""
    found = [f"unknown entry {i}" for i in ids if i not in entries]
    named = [entries[i] for i in ids if i in entries]
    for entry in named:
        if not re.search(rf"(?<![\d.]){re.escape(str(entry))}(?!\.?\d)", text):
            found.append(f"{entry.id}: the text does not say {entry}")
        if not re.search(rf"\{{cite:\w+\}}`[^`]*\b{re.escape(entry.source)}\b", text):
            found.append(f"{entry.id}: the text does not cite {entry.source}")
        if not entry.seen and "as reported by" not in text:
            found.append(f"{entry.id}: not seen, so the text must say 'as reported by'")
    known = {str(e) for e in named}
    for quoted in re.findall(r"\d+(?:\.\d+)? ± \d+(?:\.\d+)?", text):
        if named and quoted not in known:
            found.append(f"the text says {quoted}, which no entry named by the cell does")
    return found


def cells(chapter: int):
    for path in sorted((ROOT / "notebooks").glob(f"{chapter:02}_*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            yield cell.source, cell.metadata.get("ganbook", {}).get("published", [])


@pytest.mark.parametrize("chapter", published.chapters())
def test_the_text_says_what_the_files_say(chapter):
    entries = published.load(chapter)
    found = [c for text, ids in cells(chapter) for c in complaints(text, ids, entries)]
    assert not found
    used = {i for _, ids in cells(chapter) for i in ids}
    if any(True for _ in cells(chapter)):
        assert used == set(entries), "each entry is quoted by a cell that names it"


def test_a_changed_number_a_lost_citation_and_a_stray_one_are_seen():
    entries = published.parse([ROW])
    good = "Table: 9.8 ± 0.9, as {cite:t}`key2020` report."
    assert not complaints(good, ["a"], entries)
    assert complaints(good.replace("9.8", "9.9"), ["a"], entries)
    assert complaints(good.replace("9.8", "19.8"), ["a"], entries)
    assert complaints(good.replace("{cite:t}", ""), ["a"], entries)
    assert complaints(good + " And 1.0 ± 0.1.", ["a"], entries)
    assert complaints(good, ["b"], entries)
    unseen = published.parse([ROW | {"seen": False}])
    assert complaints(good, ["a"], unseen)
    assert not complaints(good + " (as reported by them)", ["a"], unseen)


def test_the_files_are_tidy():
    for path in (ROOT / "ganbook/published").glob("*.json"):
        assert path.read_text() == json.dumps(json.loads(path.read_text()), indent=1) + "\n"
