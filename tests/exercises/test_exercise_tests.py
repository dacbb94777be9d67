"""Exercises whose answer is a test: what `exposes` accepts, what it refuses, and in which words."""

from __future__ import annotations

import functools
import inspect

import numpy as np
import pytest
import torch

from ganbook.exercises import exercise, progress_table
from ganbook.exercises.engine.core import Exercise
from ganbook.exercises.engine.exposes import exposes
from ganbook.exercises.engine.show import solution_cell, statement_cell


def mean_square(x):
    return (x**2).mean()


def mean_square_by_hand(x):
    total = 0.0
    for value in x.tolist():
        total += value * value
    return torch.tensor(total / len(x))


def sum_of_squares(x):
    return (x**2).sum()


def mean_of_absolutes(x):
    return x.abs().mean()


def single_only(x):
    if len(x) > 1:
        raise ValueError("one number only")
    return mean_square(x)


def solution_99_1(square):
    x = torch.tensor([1.0, -2.0, 3.0])
    assert abs(float(square(x)) - 14 / 3) < 1e-5


CHECK = exposes(
    mended=(mean_square, mean_square_by_hand),
    broken=sum_of_squares,
    variants={"There the numbers are not squared.": mean_of_absolutes},
    blind={"It tries a single number.": single_only},
    other="It adds in another order.",
    determined=True,
)


def declared(check=CHECK, **changes):
    form = {
        "id": "99.1",
        "title": "A square",
        "stars": 1,
        "kind": "test",
        "statement": "`square(x)` is the mean of the squares.",
        "stub": "def test(square):\n    return ...",
        "hints": ("Add.", "Divide."),
        "explanation": "A mean is a sum over a number.",
        "solution": solution_99_1,
        "check": check,
    }
    return Exercise(**{**form, **changes})


def said(
    answer, seed=None, time_limit=300
):  # what a first import takes on a busy machine is no matter
    feedback, _ = declared().trial(answer, seed, time_limit)
    return feedback.status, feedback.message


def refused(answer, *words):
    for seed in (None, 1, 2):
        status, message = said(answer, seed=seed)
        assert status == "incorrect", message
        for part in words:
            assert part in message, message


def test_a_test_that_tells_them_apart_is_correct():
    for seed in range(5):
        assert said(solution_99_1, seed=seed) == ("correct", "")


def test_it_may_draw_random_numbers_and_use_the_libraries_own_assertions():
    def by_torch(square):
        x = torch.randn(9)
        torch.testing.assert_close(square(x), (x * x).sum() / 9)

    def by_numpy(square):
        x = np.random.default_rng().normal(size=9).astype(np.float32)  # no seed
        np.testing.assert_allclose(float(square(torch.tensor(x))), np.mean(x**2), rtol=1e-4)

    assert said(by_torch)[0] == said(by_numpy)[0] == "correct"


def test_one_that_asserts_nothing_is_refused():
    def calls(square):
        square(torch.randn(4))

    def asserts_its_own(square):
        assert torch.ones(2).sum() == 2

    for answer in (calls, asserts_its_own, lambda square: None):
        refused(answer, "asserts nothing about the function")


def test_what_it_returns_is_not_a_verdict():
    def returns(square):
        return bool(abs(float(square(torch.ones(2))) - 1) < 1e-5)

    refused(returns, "It returned True, which nobody reads")


def test_one_that_looks_at_the_shape_alone_is_refused():
    def shape(square):
        assert square(torch.randn(4)).shape == ()

    def finite(square):
        assert torch.isfinite(square(torch.randn(4)))

    for answer in (shape, finite):
        refused(answer, "It does not look at the values")


def test_one_without_an_absolute_value_is_refused():
    def too_large_passes(square):
        assert 14 / 3 - float(square(torch.tensor([1.0, -2.0, 3.0]))) < 1e-5

    refused(too_large_passes, "one whose result is far too large", "absolute value")

    def too_small_passes(square):
        assert float(square(torch.tensor([1.0, -2.0, 3.0]))) - 14 / 3 < 1e-5

    refused(too_small_passes, "another form of it. There the numbers are not squared.")


def test_one_that_exposes_the_bug_by_a_bound_on_one_side_is_refused():
    """It passes on the right functions and stops on every broken one, and would accept nearly anything else."""

    def below(square):
        found = square(torch.tensor([0.5, -0.5]))
        assert found < 0.3

    refused(below, "It exposes the bug, but passes on a function whose result is far too small")

    def by_difference(square):  # what does not depend on a shift is nothing one-sided
        x = torch.tensor([1.0, -2.0, 3.0])
        assert abs(float(square(2 * x) - square(x)) - 14) < 1e-4

    assert said(by_difference) == ("correct", "")

    free = exposes(mended=(mean_square, mean_square_by_hand), broken=sum_of_squares)
    feedback, _ = declared(free).trial(below)
    assert feedback.status == "correct"  # nothing says that the value is fixed


def test_one_that_reads_the_code_or_the_name_is_refused():
    """The functions come under one name and without their text: only what they do tells them apart."""

    def by_text(square):
        assert "sum()" not in inspect.getsource(square)

    def by_names(square):
        assert "sum" not in square.__code__.co_names

    for answer in (by_text, by_names):
        refused(answer, "It reads the function's code")

    def by_name(square):
        assert square.__name__ in ("mean_square", "mean_square_by_hand")

    def by_its_own_name(square):
        assert square.__name__ == square.__qualname__ == "square"

    refused(by_name, "fails on the mended function")
    refused(by_its_own_name, "asserts nothing")


def test_one_that_is_too_strict_is_refused_with_the_assertion_and_its_words():
    def exact(square):
        x = torch.tensor([0.1, 0.2, 0.3])
        assert float(square(x)) == 0.14 / 3, "the mean of the squares"

    refused(
        exact,
        "fails on the mended function",
        "`assert float(square(x)) == 0.14 / 3",
        "(the mean of",
    )

    def same_order(square):
        for n in range(2, 60):
            x = torch.linspace(0.1, 3, n) ** 3
            assert square(x) == (x**2).mean()

    refused(
        same_order, "passes on the mended function, but fails on another right one", "another order"
    )


def test_one_that_misses_a_variant_or_what_the_input_hides_is_told_so():
    def ones(square):
        assert abs(float(square(torch.ones(3))) - 1) < 1e-5

    refused(ones, "There the numbers are not squared.")

    def single(square):
        assert abs(float(square(torch.tensor([3.0]))) - 9) < 1e-5

    refused(single, "It passes on the broken function. It tries a single number.")

    def empty_hand(square):
        assert float(square(torch.zeros(3))) == 0

    refused(
        empty_hand,
        "All its assertions hold there, `assert float(square(torch.zeros(3))) == 0` too.",
    )


def flips(square, heads):
    x = torch.ones(3)
    wrong = abs(float(square(x)) - 1) > 1e-5
    assert not (wrong and heads)


def test_a_verdict_that_depends_on_the_seed_is_refused():
    seen = []

    def on_broken(square):  # every second time
        seen.append(square)
        flips(square, len(seen) % 2)

    refused(on_broken, "depends on the seed", "on the broken function it fails under")

    def on_right(square):
        assert float(torch.rand(())) < 0.5

    messages = [said(on_right, seed=seed)[1] for seed in range(12)]
    assert any("on a right function it fails under" in message for message in messages)


def test_another_exception_is_no_verdict():
    def divides(square):
        1 / (abs(float(square(torch.ones(3))) - 3) > 1e-5)
        assert float(square(torch.ones(3))) < 2

    refused(divides, "stops on the broken function with ZeroDivisionError")

    def stops(square):
        assert square(torch.ones(3)).nothing

    status, message = said(stops)
    assert status == "error"
    assert "AttributeError" in message and "`assert square(torch.ones(3)).nothing`" in message


def test_an_assertion_in_a_helper_is_shown_where_the_test_calls_it():
    refused(functools.partial(flips, heads=True), "There the numbers are not squared.")

    def close(square):
        np.testing.assert_allclose(float(square(torch.ones(3))), 2)

    refused(close, "`np.testing.assert_allclose(float(square(torch.ones(3))), 2)`", "Mismatched")


def test_the_stub_and_a_loop_without_end():
    assert said(lambda square: ...)[0] == "unattempted"

    def forever(square):
        while True:
            pass

    status, message = said(forever, time_limit=0.05)
    assert status == "error" and "did not return within" in message


def test_the_page_shows_the_broken_function_and_then_the_mended_one():
    ex = declared()
    assert "```python\ndef square(x):\n    return (x**2).sum()\n```" in statement_cell(ex)
    shown = solution_cell(ex)
    assert shown.index(":pyobject: solution_99_1") < shown.index(":pyobject: mean_square")
    assert ex.mended is mean_square and ex.broken is sum_of_squares
    assert exercise("0.1").mended is None


def test_malformed_declarations_are_refused():
    with pytest.raises(ValueError, match="two right implementations"):
        exposes(mended=(mean_square,), broken=sum_of_squares)
    with pytest.raises(ValueError, match="check=exposes"):
        declared(check=lambda answer, c: None)


def test_the_group_has_a_name_of_its_own():
    ex = exercise("18.1")
    assert ":nonumber:" in statement_cell(ex)
    assert "\nfind the bug  0 of " in progress_table()
    assert "chapter 18" not in progress_table()
