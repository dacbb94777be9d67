"""What Chromium leaves to do in a printed PDF: where its links lead, who wrote it, and when it was
made.
"""

import io
import logging
import os
import time
from pathlib import Path
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import BooleanObject, DictionaryObject, NameObject, TextStringObject

logging.getLogger("pypdf").setLevel(logging.ERROR)  # it remarks on how Chromium counts its objects


def places(printed: bytes) -> dict[str, int]:
    """The page, counted from 1, of every place that some link of the PDF leads to."""
    reader = PdfReader(io.BytesIO(printed))
    return {
        name.removeprefix("/"): reader.get_destination_page_number(target) + 1
        for name, target in reader.named_destinations.items()
    }


def finish(printed: bytes, out: Path, title: str, author: str, chapters: list[str]) -> int:
    """Name title, author and chapters, open with the outline shown, drop the time of printing; the
    number of pages.

    The one date in the file is ``SOURCE_DATE_EPOCH`` where that is set, so that two prints can be
    compared."""
    writer = PdfWriter(clone_from=io.BytesIO(printed))
    information = {"/Title": title, "/Author": author, "/Creator": "ganbook"}
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        information["/CreationDate"] = time.strftime("D:%Y%m%d%H%M%SZ", time.gmtime(int(epoch)))
    writer.metadata = information
    name_chapters(writer, chapters)
    writer.page_mode = "/UseOutlines"
    writer.root_object[NameObject("/ViewerPreferences")] = DictionaryObject(
        {NameObject("/DisplayDocTitle"): BooleanObject(True)}
    )
    unfinished = out.with_name(f"{out.name}.tmp")
    with unfinished.open("wb") as file:
        writer.write(file)
    unfinished.replace(out)
    return len(writer.pages)


def name_chapters(writer: PdfWriter, chapters: list[str]) -> None:
    """Write the chapters' titles into the outline's first level, where Chromium runs number and
    title together.
    """
    entry: Any = writer.root_object["/Outlines"]["/First"].get_object()
    for words in ("Contents", *chapters):
        entry[NameObject("/Title")] = TextStringObject(words)
        entry = entry["/Next"].get_object() if "/Next" in entry else None
    if entry is not None:
        raise ValueError(f"the outline has an entry that is no chapter: {entry['/Title']!r}")
