"""The exercise machinery on exercises of its own, one of each kind, and on answers that misbehave."""

from __future__ import annotations

import ast
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from importlib import util

import numpy as np
import pytest
import sympy
import torch

import ganbook.exercises.engine.core as core
from ganbook.exercises import all_exercises, exercise, progress, progress_table
from ganbook.exercises.engine import catalogue, state
from ganbook.exercises.engine.compare import brief, difference
from ganbook.exercises.engine.core import Exercise, choice, classify, register, rubric
from ganbook.exercises.engine.sandbox import Clock, TimeUp, copied, unchanged
from ganbook.exercises.engine.show import fence_for, readable, wrapped


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBOOK_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def solution_99_1(x):
    return 2 * x


def double(x, c):
    got = c.call(x, torch.tensor([1.0, 2.0]))
    mistakes = {"A square.": torch.tensor([1.0, 4.0])}
    c.equal(got, torch.tensor([2.0, 4.0]), says="Twice, please.", mistakes=mistakes)


def declared(kind="function", check=double, **changes):
    """A small exercise of some kind; its solution is right for the default check only."""
    form = {
        "id": "99.1",
        "title": "Twice",
        "stars": 2,
        "kind": kind,
        "statement": "Write `double(x)`, $2x$.",
        "stub": "def double(x):\n    return ...",
        "hints": ("Add.", "Add `x` to itself."),
        "explanation": "Twice.",
        "solution": solution_99_1,
        "check": check,
    }
    return Exercise(**{**form, **changes})


def said(ex, answer, **options):
    feedback, _ = ex.trial(answer, **options)
    return feedback.status, feedback.message


# The kinds


def test_a_function():
    ex = declared()
    assert said(ex, solution_99_1) == ("correct", "")
    status, message = said(ex, lambda x: x**2)
    assert status == "incorrect"
    assert "at [0] 2 was expected, not 1. A square. (On x = [1, 2].)" in message
    assert "Twice, please." in said(ex, lambda x: x)[1]
    assert "without calling it" in said(ex, torch.tensor([2.0]))[1]


def test_a_value_is_taken_bare_or_from_its_stub():
    ex = declared(
        "value", lambda value, c: c.equal(value, 0.25, mistakes={"Half of it.": lambda: 0.125})
    )
    for answer in (0.25, lambda: 0.25, np.float32(0.25), torch.tensor(0.25), sympy.Rational(1, 4)):
        assert said(ex, answer)[0] == "correct"
    for answer in (0.125, lambda: 1 / 8):
        assert "Half of it." in said(ex, answer)[1]
    assert "number was expected" in said(ex, "0.25")[1]
    assert said(ex, lambda: ...)[0] == said(ex, ...)[0] == "unattempted"
    assert said(ex, None)[0] == "incorrect"
    assert "returned None" in said(ex, lambda: None)[1]
    assert "NaN" in said(ex, float("nan"))[1]


def test_an_expression_is_compared_at_points_in_whatever_form():
    def check(value, c):
        c.expression(
            value,
            lambda x, p: p * x / (1 + x),
            mistakes={"Inverted.": "(1 + x) / (p * x)"},
            x=(0.1, 3.0),
            p=(0.5, 2.0),
        )

    ex = declared("expression", check)
    x, p = sympy.symbols("x p", positive=True)
    for right in (p * x / (1 + x), "p - p/(1 + x)", p * (1 - 1 / (1 + x)), lambda: "p*x/(x + 1)"):
        assert said(ex, right)[0] == "correct"
    assert "Inverted." in said(ex, (1 + x) / (p * x))[1]
    assert "symbol t should not occur" in said(ex, "t + x")[1]
    assert "not an expression" in said(ex, "p * (x")[1]
    assert "was expected" in said(ex, "p*x**2/(1 + x**2)")[1]
    assert "NaN" in said(ex, sympy.nan)[1]
    assert "incorrect" == said(ex, [x])[0] == said(ex, "x = p")[0] == said(ex, 1.5)[0]


def test_a_choice_gives_the_reason_against_what_was_chosen():
    options = {letter: letter.upper() for letter in "abc"}
    ex = declared("choice", choice("b", a="A is too small.", c="C is too large."), options=options)
    assert said(ex, "b")[0] == said(ex, lambda: " B ")[0] == "correct"
    assert "A is too small." in said(ex, "a")[1]
    assert "no option 'z'" in said(ex, "z")[1]
    assert "in quotes" in said(ex, 2)[1]
    assert "- **a**: A\n" in ex.full_statement
    with pytest.raises(ValueError, match="none for the right one"):
        choice("a", a="?")


def test_a_classification_names_the_first_wrong_case():
    truth, labels = {"A": "fine", "B": "collapsed"}, ("fine", "collapsed", "frozen")
    ex = declared(
        "classify", classify(truth, labels, {("B", "fine"): "All its samples are one digit."})
    )
    assert said(ex, truth)[0] == said(ex, lambda: dict(truth))[0] == "correct"
    message = said(ex, {"A": "fine", "B": "fine"})[1]
    assert message == "B is not 'fine'. All its samples are one digit. (1 of 2 are right.)"
    assert "Look at it again." in said(ex, {"A": "fine", "B": "frozen"})[1]
    assert "no label 'bad'" in said(ex, {"A": "bad", "B": "fine"})[1]
    assert "keys" in said(ex, {"A": "fine"})[1]
    assert "a dict" in said(ex, "fine")[1]
    assert said(ex, {"A": ..., "B": ...})[0] == "unattempted"
    with pytest.raises(ValueError, match="do not fit"):
        classify(truth, labels, {("B", "collapsed"): "right, so no reason against it"})


def broken_99_1(x):
    return x + x.mean()


def test_a_bug_shows_its_source_under_the_name_of_the_stub():
    ex = declared("bug", broken=broken_99_1, wrong=((broken_99_1, "Twice"),))
    assert "```python\ndef double(x):\n    return x + x.mean()\n```" in ex.full_statement
    assert said(ex, broken_99_1)[0] == "incorrect"
    assert said(ex, solution_99_1)[0] == "correct"


def test_an_experiment_hands_in_what_it_found():
    def check(answer, c):
        step = c.call(answer)
        c.true(abs(1 - step * 3) < 1, "This step makes the iteration diverge.", on=f"step = {step}")

    ex = declared("experiment", check)
    assert said(ex, lambda: 0.5)[0] == said(ex, 0.5)[0] == "correct"
    assert said(ex, 0.7) == ("incorrect", "This step makes the iteration diverge. (On step = 0.7.)")
    assert said(ex, lambda: ...)[0] == said(ex, ...)[0] == "unattempted"


def test_free_text_gets_a_rubric():
    ex = declared("rubric", rubric("names the assumption", "gives an example", words=5))
    status, message = said(ex, "one two three four five six")
    assert status == "correct"
    assert "names the assumption" in message
    assert "at least 5 words" in said(ex, "too short")[1]
    assert "in quotes" in said(ex, 3)[1]


# What answers may do


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (lambda x: None, "incorrect", "It returned None"),
        (lambda x: print(2 * x), "incorrect", "printed its result and returned None"),
        (
            lambda x: (2 * x)[None],
            "incorrect",
            "wrong shape: shape (2,) was expected, not shape (1, 2)",
        ),
        (
            lambda x: (2 * x).double(),
            "incorrect",
            "wrong dtype: torch.float32 was expected, not torch.float64",
        ),
        (
            lambda x: (2 * x).numpy(),
            "incorrect",
            "wrong type: a torch tensor was expected, not a float32 array",
        ),
        (lambda x: 2 * x / (x - 1) * 0, "incorrect", "NaN in 1 of 2 entries"),
        (lambda x: x.mul_(2), "incorrect", "in place"),
        (lambda: 1, "error", "could not be called"),
        (lambda x: 1 / 0, "error", "ZeroDivisionError"),
        (lambda x: sys.exit(3), "error", "SystemExit"),
        (lambda x: torch.linalg.inv(x), "error", "torch.linalg.inv(x)"),
        (lambda x: ..., "unattempted", "Replace the `...`"),
    ],
)
def test_each_misbehaviour_has_its_own_message(answer, status, words):
    assert said(declared(), answer)[0] == status
    assert words in said(declared(), answer)[1]


def test_an_error_deep_in_a_library_is_reported_at_the_learners_line():
    def answer(x):
        y = x + 1
        return torch.stack([y, y[:1]])

    status, message = said(declared(), answer)
    assert status == "error"
    assert "`return torch.stack([y, y[:1]])`" in message
    assert f"line {answer.__code__.co_firstlineno + 2}" in message


def test_only_the_learners_own_not_implemented_is_unattempted():
    def inner():
        raise NotImplementedError

    def stub(x):
        raise NotImplementedError("todo")

    def uses(x):
        return torch.nn.Module()(x)

    assert said(declared(), stub)[0] == "unattempted"
    assert said(declared(), uses)[0] == "error"
    assert said(declared(), lambda x: inner())[0] == "unattempted"


def test_a_missing_gradient_has_its_own_message():
    def check(answer, c):
        x, y = c.normal((3,), torch.float32), c.normal((3,), torch.float32)
        value, grads = c.call_grad(answer, x, y)
        c.equal(value, x * y)
        c.equal(grads, [y, x])

    ex = declared(check=check)
    assert said(ex, lambda x, y: x * y)[0] == "correct"
    assert "gradient is missing" in said(ex, lambda x, y: (x * y).detach())[1]
    assert "does not depend on input 2" in said(ex, lambda x, y: x * y.detach())[1]
    assert "torch tensor was expected" in said(ex, lambda x, y: 3.0)[1]
    assert "torch tensor was expected" in said(ex, lambda x, y: (x * y).detach().numpy())[1]
    with torch.no_grad():
        assert said(ex, lambda x, y: x * y)[0] == "correct"
        assert not torch.is_grad_enabled()


def test_changed_modes_do_not_reach_the_check_and_random_answers_repeat_with_the_seed():
    drawn = []

    def check(answer, c):
        drawn.append([float(c.call(answer)) for _ in range(2)])
        c.equal(torch.tensor(1.0), torch.ones((), dtype=torch.float32))
        c.true(np.geterr()["over"] != "raise", "The options are back.")

    def answer():
        np.seterr(all="raise")
        return torch.rand(()) + np.random.rand() + random.random()  # noqa: NPY002

    for seed in (3, 3, 4):
        assert said(declared(check=check), answer, seed=seed) == ("correct", "")
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0][0] != drawn[0][1]


def test_what_was_printed_is_shown_beside_a_wrong_answer():
    status, message = said(declared(), lambda x: (print("look:", x.shape), x)[1])
    assert status == "incorrect"
    assert message.endswith("Your code printed: look: torch.Size([2])")


def test_a_mock_may_end_the_check_through_a_bare_except_exception():
    def check(answer, c):
        def mock():
            c.fail("Do not call this.")

        c.call(answer, mock, returns_none=True)

    def answer(mock):
        try:
            mock()
        except Exception:
            return 1

    assert said(declared(check=check), answer) == (
        "incorrect",
        "Do not call this. (On mock = mock.)",
    )


def test_an_answer_of_a_form_that_a_check_did_not_foresee_is_feedback():
    status, message = said(declared(check=lambda answer, c: answer(1.0)["key"]), lambda x: 3)
    assert status == "error"
    assert "could not read your answer (TypeError" in message


# The time limit


def swallow(x):
    while True:
        try:  # noqa: SIM105
            time.sleep(0.01)
        except:  # noqa: E722
            pass


def stubborn(x):
    while True:
        try:  # noqa: SIM105
            time.sleep(0.01)
        except Exception:
            pass


def thorough(x):
    while True:
        try:
            a = 1
            time.sleep(0.05)
            a += 1
            a -= 1
        except:  # noqa: E722
            a = 2
            a += 1


def loop(x):
    while True:
        pass


@pytest.mark.parametrize("answer", [loop, stubborn, swallow, thorough, lambda x: time.sleep(30)])
def test_an_answer_that_never_ends_gets_feedback(answer):
    start = time.perf_counter()
    status, message = said(declared(), answer, time_limit=0.2)
    assert time.perf_counter() - start < 10
    assert status == "error"
    assert "did not return within 0.2 s" in message
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is not None


def test_the_limit_counts_the_learners_time_only():
    def slow_check(answer, c):
        time.sleep(0.3)
        double(answer, c)

    assert said(declared(check=slow_check), solution_99_1, time_limit=0.2)[0] == "correct"


def test_the_limit_is_shared_by_all_calls_of_a_check():
    def check(answer, c):
        for _ in range(10):
            c.call(answer, 1.0)

    assert (
        said(declared(check=check), lambda x: time.sleep(0.1) or x, time_limit=0.35)[0] == "error"
    )


def test_outside_the_main_thread_there_is_no_limit_and_it_says_so():
    found = []
    thread = threading.Thread(
        target=lambda: found.append(said(declared(), lambda x: x, time_limit=0.1))
    )
    thread.start()
    thread.join()
    assert found[0][0] == "incorrect"
    assert "No time limit here" in found[0][1]
    assert "No time limit" not in said(declared(), lambda x: x)[1]


def test_a_timer_that_was_running_goes_on():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with Clock(10).running():
            pass
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 0.3
        end = time.perf_counter() + 5
        while not rung and time.perf_counter() < end:
            time.sleep(0.01)
        assert rung
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_nested_runs_share_one_clock():
    clock = Clock(0.1)
    with pytest.raises(TimeUp), clock.running(), clock.running():
        loop(0)
    assert clock.left < 0.01


def imported(text, tmp_path):
    """Execute a module of this text by the import system, and return it."""
    path = tmp_path / "imported_by_an_answer.py"
    path.write_text(text)
    spec = util.spec_from_file_location(path.stem, path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_import_is_not_stopped_halfway(tmp_path):
    """A limit that passes inside of an import is given once more, so that no module stays unfinished."""
    start = time.perf_counter()
    with Clock(0.1).running():
        found = imported("import time\ntime.sleep(0.25)\ndone = True\n", tmp_path)
    assert found.done and time.perf_counter() - start >= 0.25


def test_an_import_that_never_ends_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(Clock, "IMPORTS", 2)
    start = time.perf_counter()
    with pytest.raises(TimeUp), Clock(0.05).running():
        imported("while True:\n    pass\n", tmp_path)
    assert time.perf_counter() - start > 3 * 0.05


def test_a_loop_after_an_import_is_stopped(tmp_path):
    def answer():
        imported("import time\ntime.sleep(0.15)\n", tmp_path)
        loop(0)

    with pytest.raises(TimeUp), Clock(0.1).running():
        answer()


def test_keyboard_interrupt_is_not_swallowed():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        declared().trial(interrupted)


# What a check leaves behind


def vandal(x):
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.autograd.set_detect_anomaly(True)
    torch.set_deterministic_debug_mode(2)
    torch.set_default_device("meta")
    np.seterr(all="raise")
    np.set_printoptions(precision=1)
    os.chdir("/")
    sys.setrecursionlimit(5000)
    import matplotlib.pyplot as plt

    plt.switch_backend("svg")
    plt.close("all")
    plt.rcParams["lines.linewidth"] = 9
    plt.figure()
    plt.figure()
    return 2 * x


def session():
    import matplotlib
    import matplotlib.pyplot as plt

    return (
        torch.get_rng_state().tolist(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002
        random.getstate(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.is_anomaly_enabled(),
        torch.get_deterministic_debug_mode(),
        str(torch.get_default_device()),
        np.geterr(),
        np.get_printoptions(),
        os.getcwd(),
        sys.getrecursionlimit(),
        dict(matplotlib.rcParams),
        matplotlib.get_backend(),
        plt.get_fignums(),
        plt.gcf().number,
        sys.stdout,
        sys.stderr,
    )


@pytest.mark.parametrize("end", ["returns", "raises", "hangs"])
def test_a_check_leaves_the_session_as_it_was(end):
    import matplotlib.pyplot as plt

    def answer(x):
        vandal(x)
        if end == "raises":
            raise RuntimeError
        while end == "hangs":
            pass
        return 2 * x

    plt.close("all")
    figures = [plt.figure(num=7), plt.figure(num=3)]
    figures[0].add_subplot().plot([1, 2])
    plt.figure(7)
    before = session()
    status, _ = said(declared(), answer, time_limit=1.0 if end == "hangs" else 30)
    assert status == ("incorrect" if end == "returns" else "error")
    assert session() == before
    assert plt.figure(3) is figures[1]
    assert plt.figure(7) is figures[0]
    assert len(plt.gca().lines) == 1
    plt.close("all")


def test_inputs_are_copies_and_changes_in_them_are_seen():
    class Thing:
        pass

    thing, weight = Thing(), torch.nn.Parameter(torch.ones(2))
    containers = [1, torch.zeros(1)], {"a": (np.zeros(1),)}
    given = (torch.ones(2, requires_grad=True), np.ones(2), *containers, thing, weight)
    copy = copied(given)
    assert unchanged(given, copy)
    assert copy[0] is not given[0]
    assert copy[0].requires_grad
    assert copy[4] is thing
    assert copy[5] is weight
    for change in (
        lambda v: v[0].data.add_(1),
        lambda v: v[1].__setitem__(0, np.nan),
        lambda v: v[2].append(1),
        lambda v: v[2][1].add_(1),
        lambda v: v[3]["a"][0].__iadd__(1),
        lambda v: v[3].clear(),
        lambda v: v[0].requires_grad_(False),
    ):
        copy = copied(given)
        change(copy)
        assert not unchanged(given, copy)
    assert unchanged(torch.tensor([np.nan, 1]), torch.tensor([np.nan, 1]))
    assert not unchanged(torch.tensor([np.nan, 1]), torch.tensor([1, np.nan]))


# Comparing


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (1, 1.0),
        (np.float32(0.1), 0.1),
        (torch.tensor(2.0), 2),
        ([1, 2], np.array([1.0, 2.0])),
        (True, True),
        (torch.tensor([1.0]), [1.0]),
        ((1, [2.0]), (1.0, np.array([2.0]))),
        ({"a": 1}, {"a": 1.0}),
        (np.inf, np.inf),
        (torch.tensor([1.0], requires_grad=True), torch.tensor([1.0])),
        ("x", "x"),
        (np.bool_(False), False),
        (torch.ones(1).bfloat16(), torch.ones(1).bfloat16()),
        (torch.zeros(0), torch.zeros(0)),
    ],
)
def test_accepted_forms(got, want):
    assert difference(got, want) is None


@pytest.mark.parametrize(
    ("got", "want", "words"),
    [
        (1.01, 1.0, "1 was expected, not 1.01"),
        (1, True, "True or False"),
        (True, 1, "dtype"),
        ("1", 1, "type"),
        ([1, 2, 3], np.ones(2), "shape"),
        (np.inf, 1.0, "not inf"),
        (1.0, np.inf, "inf was expected"),
        (-np.inf, np.inf, "not -inf"),
        (1j, 1.0, "complex"),
        ((1, 2), (1, 3), "In position 1"),
        ([1], (1, 2), "length"),
        ({"a": 1}, {"a": 2}, "In entry 'a'"),
        ({"b": 1}, {"a": 1}, "keys"),
        (None, 1.0, "NoneType"),
        ("x", "y", "'y'"),
        ([1.0], torch.tensor([1.0]), "torch tensor"),
        (1.0 + 3e-6, 1.0, "expected"),
        (False, True, "True was expected"),
        (torch.tensor([1], dtype=torch.int64), torch.tensor([1.0]), "dtype"),
        ([[1], [1, 2]], [1, 2], "type"),
        (1.0, [1.0], "shape"),
        ([1.0], 1.0, "single number"),
        (lambda: 1, 1.0, "type"),
        (1.0 - 3e-6, 1.0, "expected"),
    ],
)
def test_refused_forms(got, want, words):
    assert words in difference(got, want)


def test_tolerances_follow_the_precision_and_can_be_set():
    assert difference(np.float32(1.0001), np.float32(1)) is None
    assert difference(1.0001, 1.0) is not None
    assert difference(1.0001, 1.0, rtol=1e-3) is None
    assert difference(1e-3, 0.0, atol=1e-2) is None
    assert difference(0.99, 1.0, rtol=0.005) is not None


def test_values_are_shown_briefly():
    assert brief(torch.tensor([1.0, 2.5])) == "[1, 2.5]"
    assert brief(np.arange(20.0).reshape(4, 5)) == "[0, 1, 2, 3, ...] of shape (4, 5)"
    assert brief({"a": (1 / 3, True)}) == "{a: (0.333333, True)}"
    assert brief(torch.nn.ReLU()) == "a ReLU"
    assert brief(solution_99_1) == "solution_99_1"
    assert len(brief("x" * 200)) < 70


def test_the_helper_draws_from_the_seed():
    def draws(seed):
        _, c = declared(check=lambda answer, c: None).trial(solution_99_1, seed)
        tensors = c.normal((2,)), c.uniform(1, 2, (2,)), c.probabilities((3,))
        return [*(x.tolist() for x in tensors), c.number(0, 1), c.integer(1, 6)]

    assert draws(1) == draws(1)
    assert draws(1) != draws(2)
    assert abs(sum(draws(1)[2]) - 1) < 1e-12
    assert all(1 <= x < 2 for x in draws(3)[1])
    _, c = declared(check=lambda answer, c: None).trial(solution_99_1, 0)
    assert {c.integer(1, 3) for _ in range(100)} == {1, 2, 3}
    assert c.normal((2,), torch.float32).dtype == torch.float32
    assert c.agrees(1.0, 1) and not c.agrees(1.1, 1)


# What the reader sees


def test_check_prints_one_paragraph_and_returns_the_feedback(capsys):
    ex = declared()
    feedback = ex.check(solution_99_1)
    assert capsys.readouterr().out == "Exercise 99.1: correct.\n"
    assert feedback.status == "correct"
    assert feedback
    assert not ex.check(lambda x: x)
    out = capsys.readouterr().out
    assert out.startswith("Exercise 99.1: not right yet. ")
    assert max(map(len, out.splitlines())) <= 76 < len(out)
    ex.check(...)
    assert capsys.readouterr().out == (
        "Exercise 99.1: not attempted yet. Replace the `...` and run this cell.\n"
    )


def test_a_remark_follows_correct(capsys):
    declared("value", lambda value, c: "And so it is everywhere.").check(3)
    assert capsys.readouterr().out == "Exercise 99.1: correct. And so it is everywhere.\n"


def test_feedback_as_the_last_line_of_a_cell_shows_nothing_more():
    from IPython.core.formatters import DisplayFormatter

    assert DisplayFormatter().format(declared().trial(...)[0]) == ({}, {})


def test_hints_and_solution(capsys):
    ex = declared()
    ex.hint(2)
    assert capsys.readouterr().out == "Hint 2 of 2: Add `x` to itself.\n"
    ex.solution()
    assert "```python\ndef solution_99_1(x):\n    return 2 * x\n```" in capsys.readouterr().out
    for number in (0, 3, "1"):
        with pytest.raises(ValueError, match="hints 1 to 2"):
            ex.hint(number)


def test_the_answer_to_a_rubric_is_shown_as_text(capsys):
    ex = exercise("7.13")
    ex.solution()
    printed, cell = capsys.readouterr().out, ex.cells()[2]
    for shown in (printed, cell):
        quote = [line[2:] for line in shown.splitlines() if line.startswith("> ")]
        assert " ".join(quote) == ex.solution_function()
        assert "solution_7_13" not in shown and "```python" not in shown


def test_statement_in_terminal_and_notebook():
    ex = declared(statement="See {eq}`eq:04-dstar` and {term}`the game <game>`.")
    assert repr(ex).startswith("Exercise 99.1 ★★ Twice\n\nSee eq:04-dstar and the game.")
    assert ex._repr_markdown_().startswith("**Exercise 99.1 ★★** *Twice*\n\nSee eq:04-dstar")
    assert readable("`code` and $x$") == "`code` and $x$"


def test_wrapping_keeps_lists_code_and_formulas():
    kept = (
        f"\n\n- one\n- two\n\n```python\n{'x = 1; ' * 30}\n```\n\n$$\n{'x + ' * 40}\n$$ (eq)\n\nend"
    )
    out = wrapped("word " * 40 + kept, 60)
    assert out.endswith(kept)
    assert max(len(line) for line in out.split("\n\n")[0].splitlines()) <= 60
    assert wrapped("two\nlines") == "two lines"


def test_cells_of_a_page():
    statement, stub, solution = declared().cells()
    assert statement == "::::{exercise} Twice ★★\n:label: ex-99-1\n\nWrite `double(x)`, $2x$.\n::::"
    assert stub == 'ex = exercise("99.1")\n\n\ndef double(x):\n    return ...\n\n\nex.check(double)'
    assert solution == (
        ":::{dropdown} Hint 1\nAdd.\n:::\n\n:::{dropdown} Hint 2\nAdd `x` to itself.\n:::\n\n"
        "::::{solution} ex-99-1\n:class: dropdown\n\nTwice.\n\n"
        ":::{literalinclude} ../ganbook/exercises/chapter99.py\n:language: python\n"
        ":pyobject: solution_99_1\n:::\n::::"
    )
    ast.parse(stub)
    assert fence_for("a\n:::::{note}\n:::::") == "::::::"


def test_in_a_notebook(own_state):
    """Line numbers, the time limit and the displays work in a kernel; a check writes one line to
    stdout.
    """
    import nbformat
    from nbclient import NotebookClient

    cells = [
        "from ganbook.exercises import exercise\nex = exercise('0.1')\nex",
        "def answer(pixels):\n    y = pixels + 1\n    return y / missing\n\nex.check(answer)",
        "def answer(pixels):\n    while True:\n        pass\n\nex.check(answer, time_limit=0.3)",
        "ex.check(lambda pixels: pixels.float() / 127.5 - 1)",
        "ex.hint(1)",
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells]
    )
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    shown, error, endless, right, hint = (cell.outputs for cell in notebook.cells)
    assert "**Exercise 0.1 ★** *From bytes" in shown[0].data["text/markdown"]
    assert [output.output_type for output in error + endless + right] == ["stream"] * 3
    text = [" ".join(outputs[0].text.split()) for outputs in (error, endless, right)]
    assert (
        "stopped at line 3 (`return y / missing`) with NameError: name 'missing' is not defined"
        in text[0]
    )
    assert "did not return within 0.3 s" in text[1]
    assert text[2].startswith("Exercise 0.1: correct.")
    assert hint[0].data["text/markdown"].startswith("Hint 1 of 2: ")
    assert list(state.solved()) == ["0.1"]


# Declaring, finding


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "4"}, "chapter and number"),
        ({"kind": "riddle"}, "unknown kind"),
        ({"stars": 4}, "stars"),
        ({"statement": "  "}, "empty"),
        ({"hints": ()}, "empty"),
        ({"solution": double}, "called solution_99_1"),
        ({"options": {"a": "?"}}, "options"),
        ({"kind": "choice"}, "options"),
        ({"kind": "bug"}, "broken="),
        ({"wrong": ((double, ""),)}, "pairs"),
        ({"stub": "def f(x):\n    return x"}, "return ..."),
        ({"stub": "x = 1\nreturn ..."}, "return|syntax"),
    ],
)
def test_a_malformed_declaration_is_refused(change, words):
    with pytest.raises((ValueError, SyntaxError), match=words):
        declared(**change)


def test_register_holds_ids_and_modules_to_each_other():
    with pytest.raises(ValueError, match=r"belongs into chapter99, not into"):
        register(declared())


def test_find_by_id_and_name_near_ones():
    assert exercise(" 0.1 ").title == "From bytes to the players' scale"
    with pytest.raises(ValueError, match=r"no exercise '0\.11'; near it are 0\.1"):
        exercise("0.11")
    with pytest.raises(ValueError, match="no exercise 'nonsense'"):
        exercise("nonsense")
    with pytest.raises(ValueError, match="as text"):
        exercise(4.2)
    ids = [tuple(map(int, ex.id.split("."))) for ex in all_exercises()]
    assert ids == sorted(ids)
    assert len(ids) == len(set(ids))


def test_only_the_asked_chapter_is_imported(monkeypatch):
    registry = {}
    monkeypatch.setattr(core, "REGISTRY", registry)
    monkeypatch.setattr(catalogue, "REGISTRY", registry)
    for name in [name for name in sys.modules if name.startswith("ganbook.exercises.chapter")]:
        monkeypatch.delitem(sys.modules, name)
    assert exercise("0.1").chapter == 0
    assert {ex.chapter for ex in registry.values()} == {0}
    assert [name for name in sys.modules if name.startswith("ganbook.exercises.chapter")] == [
        "ganbook.exercises.chapter00"
    ]


def test_the_example_in_the_guide_works(tmp_path, monkeypatch):
    guide = core.__doc__
    source = guide.partition("A complete one::")[2].partition("**What each part is.**")[0]
    (tmp_path / "guide").mkdir()
    (tmp_path / "guide" / "chapter04.py").write_text(textwrap.dedent(source), encoding="utf-8")
    registry = {}
    monkeypatch.setattr(core, "REGISTRY", registry)
    spec = util.spec_from_file_location("guide.chapter04", tmp_path / "guide" / "chapter04.py")
    spec.loader.exec_module(util.module_from_spec(spec))
    ex = registry["4.2"]
    for seed in range(5):
        for right in (ex.solution_function, *ex.alternatives):
            assert said(ex, right, seed=seed) == ("correct", "")
        for wrong, words in ex.wrong:
            status, message = said(ex, wrong, seed=seed)
            assert status == "incorrect"
            assert words in message
    assert len(ex.wrong) >= 5


# Progress


def test_only_a_correct_answer_is_remembered(own_state):
    ex = declared()
    for answer in (lambda x: x, ..., lambda x: 1 / 0):
        ex.check(answer)
    assert not own_state.exists()
    ex.check(solution_99_1, record=False)
    assert not own_state.exists()
    ex.check(solution_99_1)
    assert list(state.solved()) == ["99.1"]
    assert {path.name for path in own_state.iterdir()} <= {"exercises.json", "exercises.lock"}


def test_the_table_of_progress(capsys):
    assert "first steps   0 of  1   open: 0.1" in progress_table()
    state.record("0.1")
    assert "first steps   1 of  1   all solved" in progress_table()
    progress()
    assert capsys.readouterr().out == progress_table() + "\n"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"solved": 3}',
        '{"solved": {"a": 1}}',
        "\x00\xff",
        "[" * 100_000,
    ],
)
def test_a_corrupt_file_is_kept_and_put_aside(own_state, content):
    own_state.mkdir()
    path = own_state / "exercises.json"
    path.write_bytes(content.encode("latin-1"))
    assert state.solved() == {}
    assert path.read_bytes() == content.encode("latin-1")
    assert "damaged; it is kept as" in state.record("0.1")
    assert list(state.solved()) == ["0.1"]
    assert [p.read_bytes() for p in own_state.glob("*-unreadable-*")] == [content.encode("latin-1")]


def test_a_first_date_stays(own_state):
    own_state.mkdir()
    (own_state / "exercises.json").write_text(
        json.dumps({"version": 1, "solved": {"0.1": "2020-01-01"}})
    )
    state.record("0.1")
    state.record("99.1")
    assert state.solved()["0.1"] == "2020-01-01"


def test_a_folder_that_cannot_be_written_is_a_remark(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("GANBOOK_STATE", str(tmp_path / "file" / "state"))
    assert declared().check(solution_99_1).status == "correct"
    assert "could not be saved" in capsys.readouterr().out
    assert state.solved() == {}


def test_two_processes_lose_nothing(own_state):
    code = (
        "import sys; from importlib import util; "
        "spec = util.spec_from_file_location('state', sys.argv[1]); "
        "state = util.module_from_spec(spec); spec.loader.exec_module(state); "
        "[state.record(f'{sys.argv[2]}.{i}') for i in range(1, 41)]"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, state.__file__, name]) for name in ("8", "9")
    ]
    assert [process.wait() for process in running] == [0, 0]
    assert len(state.solved()) == 80
    assert not list(own_state.glob("*.tmp"))
