"""The list of references: one entry per work, and the works that the text must name."""

import re

import nbformat
import pytest

from support.paths import ROOT

FILES = [ROOT / "notebooks/references.bib", *sorted((ROOT / "notebooks/refs").glob("*.bib"))]
ENTRIES = [
    (re.match(r"@\w+\{([^,\s]+),", entry)[1], entry)
    for path in FILES
    for entry in re.split(r"(?m)^(?=@)", path.read_text(encoding="utf-8"))
    if entry.startswith("@")
]


def title(entry):
    """Letters and digits of an entry's title, which may run over several lines."""
    found = re.search(r"(?m)^\s*title\s*=\s*\{(.*?)\},?\s*\n\s*[\w]+\s*=", entry + "\n x =", re.S)
    return re.sub(r"[^a-z0-9]", "", found[1].lower())


def cited():
    """Every key that a page cites, with the pages' names."""
    keys = {}
    for path in sorted((ROOT / "notebooks").glob("*")):
        texts = [path.read_text(encoding="utf-8")] if path.suffix == ".md" else []
        if path.suffix == ".ipynb":
            texts = [cell.source for cell in nbformat.read(path, as_version=4).cells]
        for group in re.findall(r"\{cite:[a-z]+\}`([^`]+)`", "\n".join(texts)):
            for key in group.split(","):
                keys.setdefault(key.strip(), set()).add(path.stem.split("_")[0])
    return keys


@pytest.mark.parametrize("of", ["key", "title", "number"])
def test_no_work_stands_under_two_keys(of):
    names = {
        "key": [key for key, _ in ENTRIES],
        "title": [title(entry) for _, entry in ENTRIES],
        "number": re.findall(r"\b\d{4}\.\d{4,5}\b", "\n".join(entry for _, entry in ENTRIES)),
    }[of]
    assert len(names) > 100
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize(
    ("key", "chapters"),
    [
        ("goodfellow2016tutorial", {"01", "11", "12"}),
        ("song2019gradients", {"01", "17"}),
        ("poole2016improved", {"10"}),
        ("milne2022congested", {"07"}),
        ("unlimited", {"02", "03", "04"}),  # the article that the book follows
    ],
)
def test_works_that_the_text_leans_on_are_cited_there(key, chapters):
    assert key in dict(ENTRIES)
    assert chapters <= cited().get(key, set())


def test_every_key_that_is_cited_has_an_entry():
    assert sorted(set(cited()) - {key for key, _ in ENTRIES}) == []
