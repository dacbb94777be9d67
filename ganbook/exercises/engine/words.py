"""The door through which every sentence goes that a learner reads at run time.

The English sentence is the key, with named places for what is computed: ``say("The keys {want} were
expected.", want=...)``. A catalogue is gettext's usual file,
``ganbook/exercises/locale/LANGUAGE/LC_MESSAGES/ganbook.mo``; which one is read decides gettext's usual
variable, ``LANGUAGE``. `scripts/messages.py` writes the list of sentences that a translator starts from.
Without a catalogue, or for a sentence that it lacks, the English one is shown."""

from __future__ import annotations

import gettext
import os
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["LOCALES", "say"]

LOCALES = Path(__file__).parents[1] / "locale"


@cache
def _catalogue(
    folder: Path, languages: str | None
) -> gettext.NullTranslations:
    wanted = languages.split(":") if languages else []
    return gettext.translation("ganbook", folder, wanted, fallback=True)


def say(sentence: str, /, **values: Any) -> str:
    """Return a sentence in the reader's language, its named places filled with ``values``.

    Text that is no key, such as a sentence that was said before, comes back as it is.
    """
    if not sentence:
        return sentence
    text = _catalogue(LOCALES, os.environ.get("LANGUAGE")).gettext(sentence)
    return text.format(**values) if values else text
