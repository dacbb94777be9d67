"""The mistakes that a check names: each differs from the right result somewhere, and from every other."""

import itertools

from ganbook.exercises import exercise
from ganbook.exercises.engine.checker import FUNCTIONS, Checker
from ganbook.exercises.engine.compare import difference
from ganbook.exercises.engine.mistakes import mistake, outcomes


def named_mistakes(ex, monkeypatch, seed=None):
    """Of each pair of sentences, or of a sentence and the right result, whether all cases agree.

    Only what one call of ``equal`` is given is compared: there, the first that agrees is said.
    """
    alike = {}
    equal = Checker.equal

    def recording(self, got, want, rtol=None, atol=None, on=None, says="", mistakes=None):
        values = {"": want}
        for sentence, value in (mistakes or {}).items():
            values[sentence] = value() if isinstance(value, FUNCTIONS) else value
        for one, other in itertools.combinations(values, 2):
            same = difference(values[one], values[other], rtol, atol) is None
            alike[one, other] = alike.get((one, other), True) and same
        return equal(self, got, want, rtol, atol, on, says, mistakes)

    with monkeypatch.context() as patch:
        patch.setattr(Checker, "equal", recording)
        feedback, _ = ex.trial(ex.solution_function, seed)
    assert feedback.status == "correct", feedback
    return [pair for pair, same in alike.items() if same]


def test_no_two_mistakes_have_the_same_results(ex, monkeypatch):
    """The second of the two would never be said; and a mistake that is right is none."""
    assert named_mistakes(ex, monkeypatch) == []


def test_a_mistake_is_stated_once():
    """Its sentence, its results and its place among the wrong answers come from one definition."""
    calls = []

    @mistake("Twice too much.")
    def wrong_double(x):
        calls.append(x)
        return 2 * x

    @mistake("The sign is turned.")
    def wrong_sign(x):
        return -x

    told = outcomes((3,), wrong_double, wrong_sign)
    assert list(told) == ["Twice too much.", "The sign is turned."] and calls == []
    assert [value() for value in told.values()] == [6, -3] and calls == [3]
    assert exercise("4.7").wrong[0] == (
        exercise("4.7").wrong[0][0],
        exercise("4.7").wrong[0][0].says,
    )
