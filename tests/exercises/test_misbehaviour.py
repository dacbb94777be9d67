"""Answers that misbehave: an error, no end, nothing, NaN, another shape, a changed input, recorded results.

What misbehaves is made from an exercise's solution, so that nothing else is wrong with it."""

from __future__ import annotations

import functools
import math
import random

import numpy as np
import torch

from support.exercises import PATIENCE


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
