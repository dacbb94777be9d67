"""Pack the rendered book into one zip that opens by a double click: ``dist/ganbook-book.zip``.

    python scripts/zip_book.py [--site DIR] [--out FILE]

The same site gives the same bytes: names are sorted, times are fixed, nothing of this machine goes
in."""

import argparse
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOP = "ganbook-book"
PACKED_ALREADY = {".png", ".jpg", ".whl", ".woff", ".woff2", ".gz", ".zip"}
EARLIEST = (1980, 1, 1, 0, 0, 0)


def pack(site: Path, out: Path) -> int:
    """Write the zip and return its number of files; ``FileNotFoundError`` where there is no site."""
    if not (site / "index.html").is_file():
        raise FileNotFoundError(
            f"{site} holds no index.html: render the book first, with `make book`"
        )
    files = sorted(path for path in site.rglob("*") if path.is_file())
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f"{out.name}.tmp")
    with zipfile.ZipFile(unfinished, "w") as archive:
        for path in files:
            entry = zipfile.ZipInfo(f"{TOP}/{path.relative_to(site).as_posix()}", EARLIEST)
            entry.compress_type = (
                zipfile.ZIP_STORED if path.suffix in PACKED_ALREADY else zipfile.ZIP_DEFLATED
            )
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)
    unfinished.replace(out)
    return len(files)


def main() -> int:
    """Pack, and say what to do with the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--site", type=Path, default=ROOT / "_build" / "html", help="the rendered book"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "dist" / "ganbook-book.zip", help="the zip to write"
    )
    options = parser.parse_args()
    try:
        files = pack(options.site.resolve(), options.out.resolve())
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    size = options.out.stat().st_size / 1e6
    print(
        f"The book as one zip: {options.out} ({size:.0f} MB, {files} files). Unzip it and open {TOP}/index.html"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
