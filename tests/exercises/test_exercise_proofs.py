"""Proofs by lines: every order in which each line comes after those it uses is right, and no other."""

from __future__ import annotations

from itertools import permutations

import pytest

from ganbook.exercises import all_exercises
from ganbook.exercises.engine.proofs import ordered

PROOFS = [ex for ex in all_exercises() if ex.check_function.__qualname__.startswith("ordered.")]


class Refused(Exception):
    pass


class Judge:
    def fail(self, message, on=None):
        raise Refused(message)


def judged(check, value):
    try:
        return check(value, Judge()) or "right"
    except Refused as refusal:
        return str(refusal)


CHECK = ordered(
    rests_on={"a": "", "b": "", "c": "ab", "d": "c"},
    false={"x": "It is false."},
    needed={"a": "No a.", "b": "No b.", "c": "No c.", "d": "No d."},
)


def test_exactly_the_orders_that_respect_the_uses_are_right():
    right = {"".join(p) for p in permutations("abcd") if judged(CHECK, "".join(p)) == "right"}
    assert right == {"abcd", "bacd"}


@pytest.mark.parametrize("value", ["A B C D", "b, a, c, d", ["a", "b", "c", "d"], "a->b->c->d"])
def test_letters_may_be_written_in_many_ways(value):
    assert judged(CHECK, value) == "right"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("abc", "No d."),
        ("abxcd", "Line x does not belong there. It is false."),
        ("acbd", "Line c comes before"),
        ("aabcd", "twice"),
        ("abcq", "no line 'q'"),
        (7, "wrong type"),
        ("", "No a."),
    ],
)
def test_what_is_wrong_is_said(value, words):
    assert words in judged(CHECK, value)


def test_a_declaration_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="no reason"):
        ordered(rests_on={"a": "b"}, false={}, needed={"a": "No a."})


@pytest.mark.parametrize("ex", PROOFS, ids=lambda ex: ex.id)
def test_every_line_of_a_proof_is_needed_once(ex):
    solution = ex.solution_function()
    for k in range(len(solution)):
        assert ex.trial(solution[:k] + solution[k + 1 :])[0].status == "incorrect"
        assert ex.trial(solution[: k + 1] + solution[k:])[0].status == "incorrect"
    for letter in set(ex.options) - set(solution):
        assert ex.trial(solution + letter)[0].status == "incorrect"
