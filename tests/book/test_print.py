"""The downloadable books: the zip that opens without a server, and the PDF with its answers at the
end.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import print_book
import print_finish
import print_pages
import pytest
import zip_book
from bs4 import BeautifulSoup

from support.pages import (
    BROKEN_IMAGES,
    CHAPTERS,
    LEFT_OVER,
    PAGES,
    RAW_TEXT,
    Visitor,
    parsed,
)
from support.paths import ROOT

# The zip ------------------------------------------------------------------------------------------
# ----------


def test_zip_is_the_site_and_the_same_each_time(site: Path, tmp_path: Path) -> None:
    """One top folder, sorted, no time of its making, every file of the site unchanged."""
    first, second = tmp_path / "first.zip", tmp_path / "new folder" / "second.zip"
    count = zip_book.pack(site, first)
    copied = shutil.copytree(site, tmp_path / "copy")
    os.utime(copied / "index.html", (1, 1))
    zip_book.pack(copied, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
        assert names == sorted(names, key=lambda name: name.split("/"))
        assert {name.split("/")[0] for name in names} == {"ganbook-book"}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        there = {
            path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()
        }
        assert count == len(names) == len(there)
        assert all(
            archive.read(f"ganbook-book/{name}") == path.read_bytes()
            for name, path in there.items()
        )
    (copied / "index.html").write_text("another")
    zip_book.pack(copied, second)
    assert first.read_bytes() != second.read_bytes()


def test_zip_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"no index\.html: render the book first, with `make book`"
    ):
        zip_book.pack(tmp_path, tmp_path / "book.zip")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def unzipped(
    browser: Any, site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visitor]:
    """A reader who unzipped the book into a folder with an awkward name and opened it by a double
    click.
    """
    folder = tmp_path_factory.mktemp("zip") / "Bücher zum Lesen"
    zip_book.pack(site, folder / "book.zip")
    with zipfile.ZipFile(folder / "book.zip") as archive:
        archive.extractall(folder)
    visitor = Visitor(browser, (folder / zip_book.TOP).as_uri(), color_scheme="light")
    yield visitor
    visitor.context.close()


@pytest.mark.browser
def test_unzipped_pages_work(unzipped: Visitor) -> None:
    """No error, nothing fetched elsewhere, formulas set, pictures loaded, no raw markup.

    Every fourth page and chapter 3: the archive holds each file of the site unchanged, and the site's own
    pages are all opened from the disk elsewhere."""
    wrong = {}
    for page in {*PAGES[::4], CHAPTERS[2]}:
        tab = unzipped.open(page)
        told = [
            *unzipped.troubles,
            *tab.evaluate(BROKEN_IMAGES),
            *re.findall(LEFT_OVER, tab.evaluate(RAW_TEXT)),
        ]
        told += ["formula"] * tab.locator(".math:not(:has(math))").count()
        if told:
            wrong[page] = told
    assert wrong == {}
    tab = unzipped.open(CHAPTERS[3])
    assert tab.locator("math").count() > 300
    assert tab.locator(".bd-article img").count() >= 5


@pytest.mark.browser
def test_the_unzipped_book_answers_its_reader(unzipped: Visitor) -> None:
    """The first page leads in; theme, hint, solution and search do what they say, without an error."""
    tab = unzipped.page
    unzipped.troubles.clear()
    tab.goto(f"{unzipped.home}/index.html")
    tab.wait_for_url("**/notebooks/index.html")
    unzipped.open(CHAPTERS[0], formulas=False)
    before = tab.evaluate("document.documentElement.dataset.mode")
    tab.locator("button.theme-switch-button:visible").first.click()
    assert tab.evaluate("document.documentElement.dataset.mode") != before
    tab.locator(".bd-article details.sd-dropdown summary").first.click()
    assert tab.locator(".bd-article details.sd-dropdown .sd-summary-content").first.is_visible()
    tab.locator(".bd-article div.solution button.toggle-button").first.click()
    assert tab.locator(".bd-article div.solution section").first.is_visible()
    tab.goto(f"{unzipped.home}/search.html?q=transport")
    tab.locator("#search-results .search-summary", has_text="Search finished").wait_for()
    tab.locator("#search-results").get_by_role(
        "link", name="6. Optimal transport", exact=True
    ).click()
    tab.wait_for_url("**/06_optimal_transport.html*")
    assert unzipped.troubles == []


# The PDF ------------------------------------------------------------------------------------------
# ----------


# `make test` prints three chapters and three other pages, `make test-slow` the whole book.
FEW = [
    PAGES[0],
    *(page for page in PAGES if re.search(r"/(04_|06_|16_|running|glossary)", page)),
]


@pytest.fixture(
    scope="module",
    params=[pytest.param(FEW, id="few"), pytest.param(PAGES, id="whole", marks=pytest.mark.slow)],
)
def printed(request: pytest.FixtureRequest) -> list[str]:
    """The pages that are printed."""
    return request.param


@pytest.fixture(scope="module")
def chapters(printed: list[str]) -> list[str]:
    return [page for page in printed if page in CHAPTERS]


@pytest.fixture(scope="module")
def pdf(
    browser: Any,
    site: Path,
    tmp_path_factory: pytest.TempPathFactory,
    printed: list[str],
) -> Path:
    """The printed book; ``GANBOOK_PDF`` names a ready one in place of the whole."""
    if printed == PAGES and (ready := os.environ.get("GANBOOK_PDF")):
        return Path(ready)
    out = tmp_path_factory.mktemp("pdf") / "ganbook.pdf"
    script = str(ROOT / "scripts" / "print_book.py")
    command = [sys.executable, script, "--site", str(site), "--out", str(out)]
    if printed != PAGES:
        command += ["--pages", *(Path(page).name for page in printed)]
    said = subprocess.run(
        command, check=True, text=True, capture_output=True
    )  # this process has a browser
    lines = [
        line for line in said.stdout.splitlines() if not line.startswith("No Chinese font here")
    ]
    assert len(lines) == 1 and lines[0].startswith("The book on paper") and said.stderr == ""
    return out


@pytest.fixture(scope="module")
def reader(pdf: Path) -> Any:
    from pypdf import PdfReader

    return PdfReader(pdf)


@pytest.fixture(scope="module")
def texts(pdf: Path) -> list[str]:
    """The words of each page, by another library than the one that wrote the file."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def flat(outline: list[Any], depth: int = 0) -> Iterator[tuple[int, Any]]:
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry, depth + 1)
        else:
            yield depth, entry


@pytest.fixture(scope="module")
def outline(reader: Any) -> list[tuple[int, str, int]]:
    """The bookmarks: depth, title, page counted from 0."""
    return [
        (depth, entry.title, reader.get_destination_page_number(entry))
        for depth, entry in flat(reader.outline)
    ]


def squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text)


def titles(site: Path, page: str, level: str) -> list[str]:
    """Headings of a page of the site, with their numbers, without formulas (which an outline cannot
    show).
    """
    return [
        "".join(
            text
            for text in title.find_all(string=True)
            if not text.find_parent(class_="headerlink")
        )
        for title in parsed(site, page).select(f".bd-article {level}")
        if not title.select(".math")
    ]


@pytest.mark.browser
def test_pdf_says_what_it_is(reader: Any, chapters: list[str]) -> None:
    assert reader.metadata.title == "Generative Adversarial Networks"
    assert reader.metadata.author == "The ganbook authors"
    assert reader.metadata.creation_date_raw is None
    assert reader.root_object["/Lang"] == "en"
    assert reader.root_object["/MarkInfo"]["/Marked"] == True  # noqa: E712
    assert len(reader.pages) > 30 * len(chapters)


@pytest.mark.browser
def test_outline_has_every_chapter_and_section_in_order(
    outline: list[tuple[int, str, int]], site: Path, texts: list[str], printed: list[str]
) -> None:
    """Chapters in the order of the contents, their sections one level down, each on the page that
    shows it.
    """
    top = [title for depth, title, _ in outline if depth == 0]
    wanted = [squeezed(titles(site, page, "h1")[0]) for page in printed]
    assert [squeezed(title) for title in top if squeezed(title) in wanted] == wanted
    assert len(top) == len(printed) + 2  # contents, and hints and solutions
    after = [name for name in printed[::-1]].index(next(p for p in printed if "glossary" in p)) + 1
    assert top.index("Hints and solutions") == len(top) - 1 - after
    names = [title for _, title, _ in outline]
    chapters = [page for page in printed if page in CHAPTERS]
    for page, title in zip(chapters, [title for title in top if "Chapter" in title], strict=True):
        below = itertools.takewhile(lambda entry: entry[0] > 0, outline[names.index(title) + 1 :])
        sections = [squeezed(section) for section in titles(site, page, "h2")]
        assert len(sections) > 5
        assert [
            name
            for depth, words, _ in below
            if depth == 1 and (name := squeezed(words)) in sections
        ] == sections
    pages = [page for _, _, page in outline]
    assert pages == sorted(pages)
    for _, title, page in outline:
        words = squeezed(title.removeprefix("Chapter ")[:25])
        assert words in squeezed(texts[page].replace("CHAPTER ", "")), (
            f"{title} is not on page {page + 1}"
        )


@pytest.mark.browser
def test_pages_are_numbered_through(texts: list[str]) -> None:
    """Every page but the cover carries its own number, alone on a line."""
    assert [n for n, text in enumerate(texts, 1) if (str(n) in text.split("\n")) != (n > 1)] == []


@pytest.mark.browser
def test_contents_tell_the_page_of_every_chapter(
    outline: list[tuple[int, str, int]], texts: list[str]
) -> None:
    chapters = [
        (title, page) for depth, title, page in outline if depth == 0 and title != "Contents"
    ]
    contents = squeezed("".join(texts[1 : chapters[0][1]]))
    assert [
        title for title, page in chapters if f"{squeezed(title)}{page + 1}" not in contents
    ] == []
    assert "000" not in contents


@pytest.mark.browser
def test_links_lead_inside_the_book_or_to_the_web(
    reader: Any, texts: list[str], printed: list[str]
) -> None:
    """No address of this machine; internal links have a target; known ones lead to the page that
    shows it.
    """
    places = reader.named_destinations
    inside, outside = [], []
    for number, page in enumerate(reader.pages):
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            if "/Dest" in link:
                inside.append((number, link["/Dest"]))
            elif link.get("/A", {}).get("/S") == "/URI":
                outside.append(link["/A"]["/URI"])
    assert len(inside) > (1000 if printed == PAGES else 100)
    assert [name for _, name in inside if name not in places] == []
    assert [address for address in outside if not re.match(r"https?://|mailto:", address)] == []
    assert len(outside) > 20 or printed != PAGES  # they stand in the references
    known = {
        "04_the_optimal_discriminator--equation-eq-04-dstar": "(4.5)",
        "06_optimal_transport--fig-06-plan": "Fig. 6.1",
        "04_the_optimal_discriminator--lem:04-point": "Lemma 4.1",
        "06_optimal_transport": "Optimal transport",
        "glossary--term-discriminator": "high where it believes them real",
        "running--budgets": "Two budgets",
        "04_the_optimal_discriminator--ex-4-2--answer": "Exercise 4.2",
    }
    linked = {name.removeprefix("/") for _, name in inside}
    for place, words in known.items():
        assert place in linked
        target = reader.get_destination_page_number(places[f"/{place}"])
        assert squeezed(words) in squeezed(texts[target]), place


@pytest.mark.browser
def test_every_answer_stands_at_the_end(
    reader: Any,
    outline: list[tuple[int, str, int]],
    site: Path,
    texts: list[str],
    chapters: list[str],
) -> None:
    """Each exercise names the page of its answer, which lies among the hints and solutions, and
    nowhere else.
    """
    top = {title: page for depth, title, page in outline if depth == 0}
    places = reader.named_destinations
    begin, end = top["Hints and solutions"], top["Glossary"]
    assert not any(
        re.search(r"^(Hint \d|Solution) ", text, flags=re.M) for text in texts[:begin] + texts[end:]
    )
    back = "\n".join(texts[begin:end])
    for page in chapters:
        soup = parsed(site, page)
        for exercise in soup.select("div.exercise"):
            number = exercise.select_one(".caption-number").get_text().strip()
            place = f"/{Path(page).name}--{exercise['id']}--answer"
            target = reader.get_destination_page_number(places[place])
            assert begin <= target < end
            assert re.search(rf"^{number} ", texts[target], flags=re.M)
            said = next(
                n
                for n, text in enumerate(texts[:begin])
                if n > 5 and re.search(rf"^{re.escape(number)} ", text, flags=re.M)
            )
            assert f"Hints and solution: page {target + 1}" in "\n".join(texts[said : said + 2])
        hints = len(soup.select("details.sd-dropdown"))
        chapter = int(Path(page).name[:2])
        part = back[back.index(f"\nChapter {chapter}. ") :]
        if later := re.search(rf"^Exercise (?!{chapter}\.)\d+\.", part, flags=re.M):
            part = part[: later.start()]
        assert hints > 10
        assert len(re.findall(r"^Hint \d", part, flags=re.M)) == hints, page
        assert len(re.findall(r"^Solution\b", part, flags=re.M)) == len(
            soup.select("div.solution")
        ), page


@pytest.mark.browser
def test_formulas_and_numbers_are_in_the_text(
    texts: list[str], site: Path, chapters: list[str]
) -> None:
    """Formulas are set, not shown as markup; equation, figure and theorem numbers are those of the
    site.
    """
    book = "\n".join(texts)
    prose = "\n".join(line for line in book.split("\n") if not re.search(r"[\"'=#`]", line))
    assert re.findall(r"\\(?:begin|frac|mathbb|bigl|tfrac)\b|\$\$|\\\(|:::|\{ref\}", prose) == []
    four = " ".join(
        next(text for text in texts if "(4.1)" in text and "One point at a time" in text).split()
    )
    plain = unicodedata.normalize("NFKC", four).replace(" ", "")
    assert "V(D)=Ex∼p[logD(x)]+Ez[log(1−D(G(z)))]." in plain
    assert "(4.1)" in four
    for page in chapters:
        soup = parsed(site, page)
        numbers = [node.get_text().rstrip("#") for node in soup.select(".bd-article span.eqno")]
        figures = [
            node.get_text().strip()
            for node in soup.select(".bd-article figcaption .caption-number")
        ]
        assert numbers and figures
        assert [number for number in numbers + figures if number not in book] == []


@pytest.mark.browser
def test_nothing_is_cut_or_sticks_out(pdf: Path, reader: Any, chapters: list[str]) -> None:
    """No page was shrunk to make something fit, and every figure stands whole within the type area."""
    import pypdfium2
    import pypdfium2.raw

    for page in reader.pages:
        start = page.get_contents().get_data()[:400].decode("latin1")
        scales = re.match(
            r"([\d.]+) 0 0 -[\d.]+ .*? cm\nq\n([\d.]+) 0 0 [\d.]+ .*? cm", start, flags=re.S
        )
        assert float(scales[1]) * float(scales[2]) == pytest.approx(0.75, rel=1e-3)
    document, pictures = pypdfium2.PdfDocument(pdf), 0
    for number, page in enumerate(document, 1):
        for picture in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]):
            left, bottom, right, top = picture.get_bounds()
            pictures += 1
            assert 61 < left < right < 535, f"page {number}"
            assert 61 < bottom < top < 788, f"page {number}"
    assert pictures >= 6 * len(chapters)


# Faults that must be found
# -----------------------------------------------------------------------------------


def made_up_site(folder: Path, body: str) -> print_pages.Book:
    """A site of two pages, the first with the given text."""
    (folder / "notebooks").mkdir(parents=True)
    for name, text in {"one": body, "two": "<section id='s'><h1>Two</h1></section>"}.items():
        (folder / "notebooks" / f"{name}.html").write_text(
            f"<html><head></head><body><article class='bd-article'>{text}</article></body></html>",
            encoding="utf-8",
        )
    return print_pages.Book(folder, "A <title>", "An author", ["notebooks/one", "notebooks/two"])


def test_links_and_ids_are_moved_into_the_book(tmp_path: Path) -> None:
    book = made_up_site(
        tmp_path / "html",
        """<section id='s'><h1>One<a class='headerlink' href='#s'>#</a></h1>
      <a href='two.html#s'>a</a><a href='two.html'>b</a><a href='#s'>c</a><a href='../file.whl'>d</a>
      <a href='https://example.org/x#y'>e</a><img src='../_images/p.png' loading='lazy'><label for='s'>f</label>
      </section>""",
    )
    html, chapters = print_pages.assemble(book, tmp_path / "print")
    soup = BeautifulSoup(html, "html.parser")
    first = soup.select_one("article")
    assert chapters == ["One", "Two"]
    assert [link["href"] for link in first.select("a")] == [
        "#two--s",
        "#two",
        "#one--s",
        "https://example.org/x#y",
    ]
    assert first.img["src"] == "../html/_images/p.png"
    assert first.label["for"] == "one--s"
    ids = [node["id"] for node in soup.select("[id]")]
    assert {"one", "one--s", "two", "two--s"} <= set(ids) and len(ids) == len(set(ids))
    assert soup.title.string == "A <title>"


def test_what_a_screen_unfolds_is_kept_for_paper(tmp_path: Path) -> None:
    """A picture's long description joins its alt text; other folded text is open; what needs a
    script is gone.
    """
    book = made_up_site(
        tmp_path / "html",
        """<section id='s'><h1>One</h1><figure><img src='a.png' alt='Short.'>
      <details class='picture-description'><summary>Describe this picture</summary><p>Long.</p></details></figure>
      <details id='d'><summary>More</summary>text</details><button>Copy</button><canvas></canvas></section>""",
    )
    article = BeautifulSoup(
        print_pages.assemble(book, tmp_path / "print")[0], "html.parser"
    ).article
    assert article.img["alt"] == "Short. Long."
    assert [node.get("open") for node in article.select("details")] == [""]
    assert squeezed(article.get_text()) == "OneMoretext"


def test_answers_are_taken_out_in_order(tmp_path: Path) -> None:
    exercise = """<div class='exercise' id='ex-{n}'><p class='admonition-title' role='heading' aria-level='3'>
      <span class='caption-number'>Exercise {n} </span><span class='block-title'>T{n}</span></p></div>
      <div class='cell'>stub {n}</div><details class='sd-dropdown'>
      <summary><span><span class='visually-hidden'>Exercise {n}, </span>Hint 1</span></summary>
      <div class='sd-summary-content'><p>nudge {n}</p></div></details>
      <div class='solution'><p class='admonition-title'>Solution to</p><section><p>answer {n}</p></section></div>"""
    body = (
        "<section id='s'><h1>One</h1>"
        + "".join(exercise.format(n=n) for n in (1, 2))
        + "<p>after</p></section>"
    )
    html, chapters = print_pages.assemble(made_up_site(tmp_path / "html", body), tmp_path / "print")
    one, _, answers = BeautifulSoup(html, "html.parser").select("article")
    assert chapters == ["One", "Two", "Hints and solutions"]
    assert not re.search("nudge|answer", one.get_text())
    assert not one.select("[role=heading]"), "no line of the outline"
    assert (
        squeezed(one.get_text())
        == "".join(
            f"{start}Exercise{n}T{n}stub{n}Hintsandsolutionpage000"
            for n, start in ((1, "One"), (2, ""))
        )
        + "after"
    )
    assert [n.get_text() for n in answers.select(".printed-answer")] == [
        "Hint 1 nudge 1",
        "Solution answer 1",
        "Hint 1 nudge 2",
        "Solution answer 2",
    ]
    assert [link["href"] for link in answers.select("h3 a")] == ["#one--ex-1", "#one--ex-2"]


def test_without_a_browser_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "index.html").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(
        sys, "argv", ["print_book.py", "--site", str(tmp_path), "--out", str(tmp_path / "b.pdf")]
    )
    assert print_book.main() == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "apt-get install chromium" in said
    monkeypatch.setattr(sys, "argv", ["print_book.py", "--site", str(tmp_path / "none")])
    assert print_book.main() == 1
    assert "make book" in capsys.readouterr().err


@pytest.mark.browser
def test_a_wide_formula_is_made_to_fit(browser: Any, tmp_path: Path) -> None:
    """What sticks out is named before it is fitted, and nothing sticks out afterwards; a wide box
    cannot be fitted.
    """
    sheets = [
        (ROOT / "book_ext" / "static" / f"{name}.css").as_uri() for name in ("formulas", "print")
    ]
    (
        tmp_path / "page.html"
    ).write_text(f"""<link rel="stylesheet" href="{sheets[0]}"><link rel="stylesheet" href="{sheets[1]}">
      <body><div class="bd-article">
      <div class="math"><span class="eqno">(1.1)</span>
      <span class="formula"><math display="block"><mtext>{"W" * 70}</mtext></math></span>
      </div></div>""")
    tab = browser.new_page(viewport={"width": print_book.TEXT_WIDTH, "height": 900})
    tab.emulate_media(media="print")
    tab.goto((tmp_path / "page.html").as_uri())
    size = "parseFloat(getComputedStyle(document.querySelector('math')).fontSize)"
    before, wide = tab.evaluate(size), tab.evaluate(print_book.STICKS_OUT)
    assert any(words.startswith("math") for words in wide)
    tab.evaluate(print_book.FIT)
    assert tab.evaluate(print_book.STICKS_OUT) == []
    assert 0.4 * before < tab.evaluate(size) < 0.7 * before
    tab.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<div style=\"width: 4000px\">box</div>')"
    )
    assert tab.evaluate(print_book.STICKS_OUT) == ["div box"]
    tab.close()


def test_page_numbers_come_from_the_print(tmp_path: Path) -> None:
    """The places of a PDF that was written by hand: page two is page two."""
    import io

    from pypdf import PdfWriter

    writer = PdfWriter()
    pages = [writer.add_blank_page(100, 100) for _ in range(3)]
    for name, page in zip(("a", "b"), itertools.islice(pages, 1, None), strict=True):
        writer.add_named_destination(name, page.page_number)
    stream = io.BytesIO()
    writer.write(stream)
    assert print_finish.places(stream.getvalue()) == {"a": 2, "b": 3}
