"""Every exercise of the book: declared in full, its stub unattempted, its solution and each
alternative accepted under twenty seeds; pages hold the package's exercises.

The checkers are what is tested. Wrong answers and what misbehaves have files of their own; the
run's table is made by `support.exercises`."""

from __future__ import annotations

import inspect
import math
from collections import Counter

import numpy as np
import pytest
import sympy
import torch

from ganbook.exercises import all_exercises, exercise
from ganbook.exercises.engine.show import stub_cell
from support.exercises import PATIENCE
from support.paths import NOTEBOOKS

SEEDS, FEW = range(20), range(5)  # all of them in `make test-slow`


def test_declared_in_full(ex, note):
    assert len(ex.hints) >= 2
    words = [word.lower() for _, word in ex.wrong]
    assert len(set(words)) == len(words)
    if ex.kind == "rubric":
        note("rubrics")
    else:
        note("exercises")
        assert len(ex.wrong) >= 5
    if ex.kind == "function":
        assert ex.alternatives
    if ex.kind == "bug":
        assert any(wrong is ex.broken for wrong, _ in ex.wrong)


def test_its_code_fits_a_page(ex):
    """78 columns, as in the chapters' own cells: what the page shows as stub, as broken code and as
    solution.
    """
    shown = [ex.cells()[1]] + [inspect.getsource(f) for f in (ex.broken, ex.solution_function) if f]
    if ex.kind == "rubric":
        shown = shown[:1]  # its solution is read as a text
    assert [line for source in shown for line in source.splitlines() if len(line) > 78] == []


def test_every_chapter_has_ten_and_at_most_two_rubrics():
    by_chapter = Counter(ex.chapter for ex in all_exercises() if ex.chapter)
    rubrics = Counter(ex.chapter for ex in all_exercises() if ex.kind == "rubric")
    assert by_chapter
    assert {chapter: n for chapter, n in by_chapter.items() if n < 10} == {}
    assert {chapter: n for chapter, n in rubrics.items() if n > 2} == {}
    for chapter in by_chapter:
        kinds = {ex.kind for ex in all_exercises() if ex.chapter == chapter}
        assert len(kinds) >= 3, f"chapter {chapter} has only the kinds {kinds}"
        numbers = [int(ex.id.split(".")[1]) for ex in all_exercises() if ex.chapter == chapter]
        assert numbers == list(range(1, len(numbers) + 1))


def test_the_stub_is_unattempted(ex):
    namespace = {"np": np, "torch": torch, "math": math, "sympy": sympy}
    exec(ex.stub, namespace)

    def raises(*args, **named):
        raise NotImplementedError

    for answer in (namespace[ex.answer_name], raises, ...):
        feedback, _ = ex.trial(answer)
        assert feedback.status == "unattempted", feedback.message
    assert stub_cell(ex).splitlines()[-1] == f"ex.check({ex.answer_name})"


def accepted(ex, answer, note, what, seeds=FEW):
    """Refused seeds are false refusals; float tensors must have come in both precisions."""
    refused = {}
    # The check of a test runs it under three seeds of its own.
    for seed in seeds[: len(seeds) // 3 + 1] if ex.kind == "test" else seeds:
        feedback, checker = ex.trial(answer, seed, PATIENCE)
        if feedback.status != "correct":
            refused[seed] = feedback.message
    note(what)
    note("false refusals", bool(refused))
    assert not refused
    singles = {torch.float32, torch.float64} & checker.seen
    if singles and not ex.float32_only:
        assert singles == {torch.float32, torch.float64}, (
            "check in float32 and in float64 (c.dtypes)"
        )


def test_the_solution_is_correct(ex, note):
    accepted(ex, ex.solution_function, note, "solutions accepted")


def test_alternatives_are_correct(ex, note):
    for alternative in ex.alternatives:
        accepted(ex, alternative, note, "alternatives accepted")


@pytest.mark.slow
def test_under_all_seeds(ex, note):
    for answer in (ex.solution_function, *ex.alternatives):
        accepted(ex, answer, note, "accepted under all seeds", SEEDS)


def test_pages_hold_the_exercises_of_the_package():
    """Statement, stub and solution on a page equal the package's; `make notebooks` mends what
    differs.
    """
    import nbformat

    pages = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        marks = [(cell.metadata.get("ganbook", {}), cell.source) for cell in cells]
        here = [mark["exercise"] for mark, _ in marks if "exercise" in mark]
        for part, key in enumerate(("exercise", "stub", "solution")):
            stored = {mark[key]: source for mark, source in marks if key in mark}
            wanted = {id: exercise(id).cells()[part] for id in here}
            assert stored == wanted, f"{path.name}: run `make notebooks`"
        pages += [here] if here else []
    pages.sort(key=lambda here: int(here[0].split(".")[0]))
    placed = [id for here in pages for id in here]
    on_pages = {int(id.split(".")[0]) for id in placed}
    assert placed == sorted(placed, key=lambda id: tuple(map(int, id.split(".")))) or not placed
    assert set(placed) == {ex.id for ex in all_exercises() if ex.chapter in on_pages}
