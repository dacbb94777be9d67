"""Finding exercises: chapters are imported when one of theirs is asked for."""

from __future__ import annotations

import difflib
import importlib
import json
import pkgutil
import re

from ganbook.exercises.engine import state
from ganbook.exercises.engine.core import REGISTRY, Exercise
from ganbook.exercises.engine.show import GROUPS
from ganbook.exercises.engine.words import say


def chapters() -> list[int]:
    """The numbers of the chapters that have exercises."""
    import ganbook.exercises as package

    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    return sorted(
        int(found[1])
        for name in names
        if (found := re.fullmatch(r"chapter(\d\d)", name))
    )


def exercise(id: str) -> Exercise:
    """The exercise with an id such as "4.2"; imports its chapter's module only.

    Raises ValueError for an unknown id, naming near ones.
    """
    if not isinstance(id, str):
        raise ValueError(
            say(
                'an exercise is asked for by its id as text, such as exercise("4.10"), not {id!r}',
                id=id,
            )
        )
    name = id.strip()
    found = re.fullmatch(r"(\d+)\.(\d+)", name)
    if found and int(found[1]) in chapters():
        _load(int(found[1]))
    if name in REGISTRY:
        return REGISTRY[name]
    known = [ex.id for ex in all_exercises()]
    same = [k for k in known if k.split(".")[0] == name.split(".")[0]]
    near = next(
        filter(
            None,
            (
                difflib.get_close_matches(name, ids, n=3, cutoff=0.3)
                for ids in (same, known)
            ),
        ),
        known[:3],
    )
    raise ValueError(
        say(
            "there is no exercise {id!r}; near it are {near}; all_exercises() lists them all",
            id=id,
            near=", ".join(near),
        )
    )


def all_exercises() -> list[Exercise]:
    """Every exercise of the book, in order."""
    for number in chapters():
        _load(number)
    return sorted(
        REGISTRY.values(),
        key=lambda ex: tuple(int(part) for part in ex.id.split(".")),
    )


def progress_table() -> str:
    """A line per chapter: how many exercises are solved, and which are open."""
    done, lines, total = state.solved(), [], 0
    exercises = all_exercises()
    for number in sorted({ex.chapter for ex in exercises}):
        there = [ex.id for ex in exercises if ex.chapter == number]
        opened = [id for id in there if id not in done]
        total += len(there) - len(opened)
        rest = f"open: {', '.join(opened)}" if opened else "all solved"
        name = GROUPS.get(number, f"chapter {number}")
        lines.append(
            f"{name:<12}{len(there) - len(opened):>3} of {len(there):>2}   {rest}"
        )
    lines.append(f"{'together':<12}{total:>3} of {len(exercises):>2}")
    said = state.remark()
    return "\n".join([*lines, said] if said else lines)


def progress_json() -> str:
    """What is solved as JSON, in the form of the progress file: ``{"version": 1, "solved": {id: first date}}``."""
    return json.dumps({"version": 1, "solved": state.solved()}, indent=1)


def progress() -> None:
    """Print what you have solved so far; it is kept in a small file in your user data folder."""
    print(progress_table())


def _load(number: int) -> None:
    importlib.import_module(f"ganbook.exercises.chapter{number:02d}")
