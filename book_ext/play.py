"""In-page play: a directive for a figure that a script brings to life, and what its page then
loads.

    :::{play} optimal-discriminator
    :alt: What the static picture shows.
    What to try, and what one should see.
    :::

The static picture is ``book_ext/pictures/NAME.png``, made by ``scripts/play_pictures.py``; the play
is ``static/plays/NAME.numbers.js`` (mathematics alone) and ``static/plays/NAME.js`` (drawing). What
is heavy lies beside the site and is fetched when the reader asks for it: the weights that a play
names in ``WEIGHTS``, written here, and the library from npm, which ``scripts/build_book.py``
fetches into the folder that ``GANBOOK_PLAYER`` names."""

import base64
import json
import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HERE = Path(__file__).parent
STATIC = HERE / "static" / "plays"
WEIGHTS = {"latent-explorer": "mnist-mlp"}
LIBRARY = ("tfjs-core/dist/tf-core.min.js", "tfjs-backend-cpu/dist/tf-backend-cpu.min.js")


class play(nodes.General, nodes.Element):
    """A play: its static picture, then the text below it."""


class Play(SphinxDirective):
    """The directive described at the top of this module."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Make the figure; an unknown name or a missing alternative text is an error that names
        what is there.
        """
        name = self.arguments[0]
        if not (STATIC / f"{name}.js").exists():
            there = sorted(path.stem for path in STATIC.glob("*.js") if "." not in path.stem)
            raise self.error(
                f"there is no play {name!r}: expected one of {[n for n in there if n != 'plays']}"
            )
        if not self.options.get("alt", "").strip():
            raise self.error(
                f"the play {name!r} has no :alt:, which says what its static picture shows"
            )
        image = nodes.image(
            uri=f"/book_ext/pictures/{name}.png", alt=self.options["alt"], classes=["play-picture"]
        )
        text = nodes.container(classes=["play-text"])
        self.state.nested_parse(self.content, self.content_offset, text)
        figure = play("", image, text, name=name)
        self.set_source_info(figure)
        return [figure]


def setup(app: Sphinx) -> None:
    """Offer the directive, load a page's plays, and put the heavy parts beside the site."""
    as_text = (lambda self, node: None,) * 2
    app.add_node(
        play,
        html=(open_figure, close_figure),
        latex=as_text,
        text=as_text,
        man=as_text,
        texinfo=as_text,
    )
    app.add_directive("play", Play)
    app.connect("builder-inited", copy_scripts)
    app.connect("html-page-context", load_scripts)
    app.connect("build-finished", copy_heavy_parts)


def open_figure(self: Any, node: play) -> None:
    """Begin the figure that the play's script will find by its name."""
    self.body.append(f'<figure class="play" id="play-{node["name"]}" data-play="{node["name"]}">\n')


def close_figure(self: Any, node: play) -> None:
    """End the figure."""
    self.body.append("</figure>\n")


def copy_scripts(app: Sphinx) -> None:
    """Put the scripts into the site, past ``exclude_patterns``, which reaches into folders of
    static files.
    """
    if app.builder.format == "html":
        shutil.copytree(STATIC, Path(app.outdir, "_static", "plays"), dirs_exist_ok=True)


def load_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Name the style sheet and the scripts of the page's plays, on that page alone.

    A play that needs the library stays a picture where there is none.
    """
    found = dict.fromkeys(node["name"] for node in doctree.findall(play)) if doctree else {}
    names = [name for name in found if name not in WEIGHTS or os.environ.get("GANBOOK_PLAYER")]
    if found:
        app.add_css_file("plays/plays.css", priority=910)
    for script in dict.fromkeys(
        part for name in names for part in ("plays", f"{name}.numbers", name)
    ):
        app.add_js_file(f"plays/{script}.js", priority=900, defer="defer")


def copy_heavy_parts(app: Sphinx, problem: Exception | None) -> None:
    """Put the recorded weights and the library, where there is one, into the site."""
    if problem is not None or app.builder.format != "html":
        return
    target = Path(app.outdir, "_static", "plays")
    for record in WEIGHTS.values():
        path = Path(app.srcdir, "ganbook", "records", record, f"{record}.safetensors")
        if path.exists():
            (target / f"{record}.weights.js").write_text(
                as_script(record, path.read_bytes()), encoding="ascii"
            )
    player = os.environ.get("GANBOOK_PLAYER")
    for part in LIBRARY if player else ():
        shutil.copyfile(Path(player, "node_modules", "@tensorflow", part), target / Path(part).name)


def as_script(record: str, content: bytes) -> str:
    """A safetensors file as a script that a page opened from the disk may load, where it may fetch
    nothing.

    >>> as_script("one", (2).to_bytes(8, "little") + b"{}" + b"abc")
    'ganbookPlays.weights["one"] = {"layers": {}, "base64": "YWJj"};\\n'
    """
    size = int.from_bytes(content[:8], "little")
    layers = {
        name: about
        for name, about in json.loads(content[8 : 8 + size]).items()
        if name != "__metadata__"
    }
    data = base64.b64encode(content[8 + size :]).decode()
    return f'ganbookPlays.weights["{record}"] = {{"layers": {json.dumps(layers)}, "base64": "{data}"}};\n'
