"""Options of the command line that take a name, and help that lists the names there are."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["Named", "OfData", "Whole"]


class Whole(click.IntRange):
    """A whole number between bounds, which messages and help call an integer."""

    name = "integer"


class Named(click.Option):
    """An option that takes a name of ``table`` in `ganbook.quick`. Only help reads the table: the
    package and torch are not imported for anything else that a command line has to say.
    """

    def __init__(self, *parameters: Any, table: str, **rest: Any) -> None:
        super().__init__(*parameters, metavar="NAME", show_default=True, **rest)
        self.table = table

    def get_help_record(self, context: click.Context) -> tuple[str, str] | None:
        """Return what click prints, with the names that exist now at the front."""
        left, right = super().get_help_record(context)
        return left, f"One of {_names(self.table)}. {right}"


class OfData(click.Command):
    """A command whose help ends with the names of the data sets."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names after the options."""
        formatter.write_paragraph()
        formatter.write_text(f"NAME is one of {_names('DATA')}  [default: mnist].")


def _names(table: str) -> str:
    from ganbook import quick

    return ", ".join(sorted(getattr(quick, table)))
