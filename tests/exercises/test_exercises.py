"""Every exercise of the book, against everything a reader may hand in; the run's table is made by
`support.exercises`.

The checkers are what is tested: solutions and their alternatives must be accepted under twenty
seeds, the stub is unattempted, each listed wrong answer is refused in its own words, and so is
whatever misbehaves."""

from __future__ import annotations

import functools
import inspect
import math
import random
import re
from collections import Counter

import numpy as np
import pytest
import sympy
import torch

from ganbook.exercises import all_exercises, exercise
from ganbook.exercises.engine.show import stub_cell
from support.paths import NOTEBOOKS

SEEDS, FEW = range(20), range(5)  # all of them in `make test-slow`
PATIENCE = 300  # seconds for an answer that ends: a busy machine is no reason to refuse it
NUMBER = re.compile(r"-?\d[\d.]*(?:e[-+]?\d+)?")


def pytest_generate_tests(metafunc):
    if "ex" in metafunc.fixturenames:
        metafunc.parametrize("ex", all_exercises(), ids=lambda ex: ex.id)


@pytest.fixture
def note(record_property, ex):
    """Count something for the table: ``note("wrong refused", 5)``."""

    def count(what, number=1):
        record_property("exercise", (ex.chapter, what, number))

    return count


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
    refused_in_their_own_words(ex, note, (None, *SEEDS[1:6]))


def test_each_wrong_answer_is_refused_in_its_own_words(ex, note):
    refused_in_their_own_words(ex, note, (None, 1))


def refused_in_their_own_words(ex, note, seeds):
    messages = []
    for wrong, words in ex.wrong:
        for seed in seeds:
            feedback, _ = ex.trial(wrong, seed, PATIENCE)
            note("false acceptances", feedback.status == "correct")
            name, said = getattr(wrong, "__name__", wrong), feedback.message.lower()
            assert feedback.status == "incorrect", f"{name} under seed {seed}: {feedback}"
            assert words.lower() in said, f"{name} under seed {seed}: {words!r} is not in {said!r}"
            if seed is None:
                messages.append(said)
        note("wrong answers refused")
    for i, message in enumerate(messages):
        for j, (_, words) in enumerate(ex.wrong):
            assert i == j or words.lower() not in message, f"{words!r} is also in {message!r}"
    assert len({NUMBER.sub("#", message) for message in messages}) == len(messages)


# What misbehaves is made from the solution, so that nothing else is wrong with it.


def altered(ex, change):
    """The solution with ``change(result, args)`` applied to what it returns."""

    @functools.wraps(ex.solution_function)
    def answer(*args, **named):
        return change(ex.solution_function(*args, **named), args)

    return answer


def results_of(ex, seed=None):
    results = []
    recording = altered(ex, lambda result, args: results.append(result) or result)
    feedback, checker = ex.trial(recording, seed, PATIENCE)
    assert feedback.status == "correct", feedback
    assert results
    return results, checker


def each(value, change):
    """``change`` applied to every float in a nested result."""
    if isinstance(value, (tuple, list)):
        return type(value)(each(x, change) for x in value)
    if isinstance(value, dict):
        return {key: each(x, change) for key, x in value.items()}
    if isinstance(value, torch.Tensor):
        return change(value) if value.is_floating_point() else value
    if isinstance(value, np.ndarray):
        return change(value) if value.dtype.kind == "f" else value
    return change(value) if isinstance(value, float) else value


def nan(value):
    return value * math.nan


def wrong_shape(value):
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return value[None]
    return [value, value]


def mutate(args):
    """Change the first tensor, array or list in place; True if there was one."""
    for x in args:
        if isinstance(x, torch.Tensor) and not isinstance(x, torch.nn.Parameter) and x.numel():
            with torch.no_grad():
                x.logical_not_() if x.dtype == torch.bool else x.add_(1)
            return True
        if isinstance(x, np.ndarray) and x.size and x.dtype.kind in "iuf" and x.flags.writeable:
            x += 1
            return True
        if isinstance(x, list):
            x.append(x[0] if x else 0)
            return True
    return False


def test_an_exception_becomes_feedback_with_the_line(ex):
    def answer(*args, **named):
        return [][3]

    feedback, _ = ex.trial(answer)
    assert feedback.status == "error"
    assert "IndexError" in feedback.message
    assert "return [][3]" in feedback.message


def test_no_end_becomes_feedback(ex):
    def answer(*args, **named):
        while True:
            pass

    feedback, _ = ex.trial(answer, time_limit=0.05)
    assert feedback.status == "error"
    assert "did not return within 0.05 s" in feedback.message


def test_nothing_returned_and_printed_instead(ex):
    results, _ = results_of(ex)
    if all(result is None for result in results):
        return
    feedback, _ = ex.trial(altered(ex, lambda result, args: None))
    assert feedback.status == "incorrect"
    assert "returned None" in feedback.message
    feedback, _ = ex.trial(altered(ex, lambda result, args: print(result)))
    assert feedback.status == "incorrect"
    assert "printed" in feedback.message


def test_nan_and_another_shape_are_refused(ex):
    results, _ = results_of(ex)
    if all(result is None for result in results) or ex.kind == "rubric":
        return
    feedback, _ = ex.trial(altered(ex, lambda result, args: wrong_shape(result)))
    assert feedback.status == "incorrect", feedback
    assert "could not read" not in feedback.message
    seen = []
    feedback, _ = ex.trial(
        altered(ex, lambda result, args: each(result, lambda x: seen.append(x) or nan(x)))
    )
    if seen:
        assert feedback.status == "incorrect", feedback
        assert "nan" in feedback.message.lower()


def test_an_input_changed_in_place_is_refused(ex):
    changed = []
    feedback, checker = ex.trial(
        altered(ex, lambda result, args: changed.append(mutate(args)) or result)
    )
    if any(changed) and not checker.lenient:
        assert feedback.status == "incorrect", feedback
        assert "in place" in feedback.message


def test_recorded_results_are_refused_under_another_seed(ex):
    """Who hard-codes the statement's examples, or even all the results of one check, is not
    accepted.
    """
    if ex.kind not in ("function", "bug"):
        return
    results, _ = results_of(ex, seed=100)
    if all(result is None for result in results):
        return
    replay = iter(results * 3)
    feedback, _ = ex.trial(altered(ex, lambda result, args: next(replay)), seed=101)
    assert feedback.status == "incorrect", (
        "the check is the same under every seed: use random inputs"
    )


def test_a_check_leaves_the_session_as_it_was(ex):
    torch.manual_seed(5)
    before = random.getstate(), torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    modes = torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()
    for answer in (ex.solution_function, *(wrong for wrong, _ in ex.wrong[:1])):
        ex.trial(answer)
    assert before[0] == random.getstate()
    assert torch.equal(before[1], torch.get_rng_state())
    assert before[2] == np.random.get_state()[1].tolist()  # noqa: NPY002
    assert modes == (torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads())


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
