"""Cut the book's mathematics font out of STIX Two Math: ``book_ext/static/mathematics.woff2``.

    pip install ziamath fonttools brotli
    python scripts/make_font.py [FONT]

FONT is the whole font; without it, the copy is taken that the package ziamath carries. What stays
are the characters of ``CHARACTERS`` with all their sizes and pieces (the font's MATH table). Tall
fences are made narrower: Chromium gives every fence and root the room of its widest size, so that a
small one stood in a gap. The same font gives the same bytes. Its licence, the SIL Open Font License,
stands beside the result as ``mathematics-OFL.txt``."""

import argparse
import importlib.util
import io
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "book_ext" / "static"
FONT = FOLDER / "mathematics.woff2"
RANGES = (
    (0x20, 0x7E),  # Latin, digits, signs
    (0xA0, 0xB7),
    (0xD7, 0xD7),
    (0xF7, 0xF7),
    (0x131, 0x131),  # i and j without dots, for accents
    (0x237, 0x237),
    (0x2C6, 0x2DD),  # accents
    (0x300, 0x30C),
    (0x332, 0x333),
    (0x391, 0x3D6),  # Greek
    (0x3F0, 0x3F5),
    (0x2010, 0x203A),  # dashes, dots, primes, spaces
    (0x2060, 0x2064),  # invisible operators
    (0x2102, 0x2135),  # letterlike: R and N doubled, script L, h in italics
    (0x2190, 0x2199),  # arrows
    (0x21A6, 0x21AA),
    (0x21D0, 0x21D5),
    (0x2200, 0x2228),  # operators
    (0x2229, 0x223D),
    (0x2243, 0x224C),
    (0x2250, 0x2265),
    (0x226A, 0x226B),
    (0x2272, 0x227B),
    (0x2282, 0x228B),
    (0x2295, 0x2299),
    (0x22A2, 0x22A5),
    (0x22C0, 0x22C6),
    (0x22EE, 0x22F1),
    (0x2308, 0x230B),  # ceilings and floors
    (0x23DC, 0x23DF),  # braces above and below
    (0x25A1, 0x25A1),
    (0x27E8, 0x27E9),  # angles
    (0x27F5, 0x27FC),  # long arrows
    (0x2A7D, 0x2A7E),
    (0x2AAF, 0x2AB0),
    (0x1D400, 0x1D467),  # bold and italic letters
    (0x1D49C, 0x1D4B5),  # script capitals
    (0x1D538, 0x1D550),  # double-struck capitals
    (0x1D7D8, 0x1D7D9),  # double-struck 0 and 1
    (0x1D6A4, 0x1D6A5),
    (0x1D6E2, 0x1D71B),  # italic Greek
)
CHARACTERS = frozenset(chr(code) for first, last in RANGES for code in range(first, last + 1))
FEATURES = ["dtls", "flac", "kern", "mark", "mkmk"]
FENCES = "()[]{}|‖⌈⌉⌊⌋⟨⟩√"
STAR = 0.72  # of the font's own star, which beside a letter is a blot
GROWTH = 0.35  # of what a fence gains in width with its height


def whole_font() -> Path:
    """The whole font as ziamath carries it; ``FileNotFoundError`` where that is not installed."""
    found = importlib.util.find_spec("ziamath")
    path = Path(found.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf" if found else None
    if path is None or not path.is_file():
        raise FileNotFoundError(
            "no STIX Two Math here: install the package ziamath, which carries it, or name the file"
        )
    return path


def cut(source: Path) -> bytes:
    """The smaller font as a WOFF2 file."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options()
    options.layout_features = FEATURES
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]  # copyright, names, trademark, licence
    options.drop_tables += ["DSIG"]
    font = TTFont(source, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(CHARACTERS)))
    subsetter.subset(font)
    narrow(font)
    lighten(font)
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out, reorderTables=True)
    return out.getvalue()


def narrow(font: Any) -> None:
    """Make the taller sizes of each fence, and its pieces, almost as narrow as its first size."""
    variants, names = font["MATH"].table.MathVariants, font.getBestCmap()
    fences, widths = {names[ord(sign)] for sign in FENCES}, font["hmtx"]
    done = set()
    for fence, sizes in zip(
        variants.VertGlyphCoverage.glyphs, variants.VertGlyphConstruction, strict=True
    ):
        if fence not in fences:
            continue
        taller = [size.VariantGlyph for size in sizes.MathGlyphVariantRecord]
        taller += [part.glyph for part in getattr(sizes.GlyphAssembly, "PartRecords", [])]
        for name in dict.fromkeys(taller):
            first, (width, _) = widths[fence][0], widths[name]
            glyph = font["glyf"][name]
            if name in done or width <= first or glyph.isComposite():
                continue
            done.add(name)
            new = round(first + GROWTH * (width - first))
            glyph.coordinates.scale((new / width, 1))
            glyph.coordinates.toInt()
            glyph.recalcBounds(font["glyf"])
            widths[name] = (new, glyph.xMin)


def lighten(font: Any) -> None:
    """Make the star smaller around its own middle."""
    name = font.getBestCmap()[ord("⋆")]
    glyph = font["glyf"][name]
    middle = (glyph.yMin + glyph.yMax) / 2
    glyph.coordinates.scale((STAR, STAR))
    glyph.coordinates.translate((0, (1 - STAR) * middle))
    glyph.coordinates.toInt()
    glyph.recalcBounds(font["glyf"])
    font["hmtx"][name] = (round(STAR * font["hmtx"][name][0]), glyph.xMin)


def main() -> int:
    """Cut, and say how large the result is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("font", type=Path, nargs="?", help="the whole font")
    options = parser.parse_args()
    try:
        content = cut(options.font or whole_font())
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    FONT.write_bytes(content)
    print(f"The mathematics font: {FONT} ({len(content) / 1e3:.0f} kB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
