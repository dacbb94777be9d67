"""What readers reported of the exercises: each answer or situation here was once judged or told wrongly."""

from __future__ import annotations

import errno
import functools
import inspect
import json
import math
import os
import time
from fractions import Fraction

import numpy as np
import pytest
import torch

from ganbook.exercises import exercise, progress_table
from ganbook.exercises.engine import state
from ganbook.exercises.engine.compare import difference, how_far


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBOOK_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def said(id, answer):
    feedback, _ = exercise(id).trial(answer)
    return feedback.status, feedback.message


# What an answer leaves behind


def twice(pixels):
    return pixels.float() / 127.5 - 1


def leaves(change):
    def answer(pixels):
        change()
        return twice(pixels)

    return answer


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: setattr(torch, "sigmoid", torch.tanh), "torch.sigmoid replaced"),
        (lambda: setattr(torch.Tensor, "mean", torch.Tensor.sum), "Tensor.mean replaced"),
        (lambda: setattr(torch.nn.functional, "softplus", torch.exp), "softplus replaced"),
        (lambda: setattr(np, "exp", np.log), "numpy.exp replaced"),
        (lambda: setattr(math, "log", math.log2), "math.log replaced"),
        (lambda: torch.set_grad_enabled(False), "gradients switched off"),
        (lambda: torch.set_default_dtype(torch.float64), "default dtype"),
        (lambda: torch.set_default_device("meta"), "default device"),
    ],
)
def test_what_is_left_behind_is_named_and_put_back(change, words):
    kept = torch.sigmoid, torch.Tensor.mean, torch.nn.functional.softplus, np.exp, math.log
    status, message = said("0.1", leaves(change))
    assert status == "incorrect"
    assert words in message
    now = torch.sigmoid, torch.Tensor.mean, torch.nn.functional.softplus, np.exp, math.log
    assert kept == now
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_the_first_optimiser_of_a_session_is_nothing_left_behind(monkeypatch):
    """torch wraps ``SGD.step`` when it makes its first SGD: an answer may be the first to do so. A wrapper
    of the answer's own is refused, whatever it says that it wraps.
    """
    weight = torch.nn.Parameter(torch.ones(1))
    torch.optim.Adam([weight])  # what torch imports with the first optimiser is there
    plain = inspect.unwrap(torch.optim.SGD.step)
    monkeypatch.setattr(torch.optim.SGD, "step", plain)
    status, message = said("0.1", leaves(lambda: torch.optim.SGD([weight], lr=0.1)))
    assert (status, torch.optim.SGD.step.__wrapped__) == ("correct", plain), message
    monkeypatch.setattr(torch.optim.SGD, "step", plain)

    def still(self, closure=None):
        return None

    fake = functools.wraps(plain)(still)
    status, message = said("0.1", leaves(lambda: setattr(torch.optim.SGD, "step", fake)))
    assert status == "incorrect"
    assert "SGD.step replaced" in message
    assert torch.optim.SGD.step is plain


def test_a_patch_is_put_back_when_the_answer_stops():
    kept = torch.sigmoid

    def answer(pixels):
        torch.sigmoid = torch.tanh
        raise RuntimeError("stop")

    assert said("0.1", answer)[0] == "error"
    assert torch.sigmoid is kept


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs Linux's list of processes")
def test_a_forked_process_is_ended():
    forked = []

    def answer(pixels):
        forked.append(os.fork())
        if not forked[0]:
            time.sleep(60)
            os._exit(0)
        return twice(pixels)

    status, message = said("0.1", answer)
    assert (status, "a forked process" in message) == ("incorrect", True)
    with pytest.raises(ProcessLookupError):
        os.kill(forked[0], 0)


def test_what_was_printed_is_shown_beside_a_right_answer():
    status, message = said("0.1", lambda pixels: (print("look", pixels.dtype), twice(pixels))[1])
    assert status == "correct"
    assert "Your code printed: look torch.uint8" in message


# Notation


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("2.3", "-psi*sigmoid(psi*(z + theta))"),
        ("2.3", "-psi*sigma(psi*(z + theta))"),
        ("2.3", "-psi*(1 - sigma(-psi*(z + theta)))"),
        ("5.12", "(1 + u)*(log1p(u) - log(2*u))"),
        ("5.12", "(1 + u)*(np.log1p(u) - np.log(2*u))"),
        ("4.3", "(x - m)^2/(2*s^2) - x^2/2 + log(s)"),
    ],
)
def test_the_chapters_own_functions_are_understood(id, text):
    assert said(id, text)[0] == "correct", said(id, text)
    assert said(id, f"2*({text})")[0] == "incorrect"


@pytest.mark.parametrize(
    ("id", "text", "words"),
    [
        ("6.5", "2 s", "needs a `*`"),
        ("6.5", "2s", "needs a `*`"),
        ("7.4", "w(1 + w)", "needs a `*`"),
        ("1.10", "p(x) = 1/(2*sqrt(x))", "without `p(x) =`"),
        ("5.12", "f(u)", "no function 'f'"),
        ("5.12", "logarithm(u)", "no function 'logarithm'"),
        ("2.3", "-psi*sigm(psi*(z + theta))", "no function 'sigm'"),
    ],
)
def test_a_slip_of_notation_gets_a_sentence(id, text, words):
    status, message = said(id, text)
    assert status == "incorrect"
    assert words in message
    assert "SympifyError" not in message


def test_fractions_and_arrays_are_numbers():
    assert said("6.1", Fraction(3, 2))[0] == said("6.1", np.array(1.5))[0] == "correct"
    assert difference(np.array([1.0, 2.0]), (1.0, 2.0)) is None
    assert difference(torch.tensor([1.0, 2.0]), (1.0, 2.5)) is not None
    for trap in (np.array([-0.5, 10.0, 1.0]), torch.tensor([-0.5, 10.0, 1.0]), [-0.5, 10, 1]):
        assert said("7.8", trap)[0] == "correct", said("7.8", trap)
    assert said("6.4", np.array([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]))[0] == "correct"
    scores = exercise("4.6").solution_function()
    assert said("4.6", np.array(scores))[0] == said("4.6", torch.tensor(scores))[0] == "correct"


@pytest.mark.parametrize(
    ("id", "inputs", "shown"),
    [
        ("15.1", (np.array([1.0, -1.0]), np.array([0.7, 0.3])), "(0.4, 1.0)"),
        ("15.7", ([(4, 2), (4, 1), (4, 1)],), "16"),
        ("15.11", (1 / 255, 1 / 255, 16, 64), "0.866"),
        ("16.1", (np.array([220.0]), np.array([440.0])), "-1200"),
        ("16.2", (np.array([1.0, 2, 4, 3, 7, 5]), 1, 3), "[0.303, 0.029, -0.286]"),
        ("16.7", (np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0]), 2), "[1, 2, 5, 4, 6]"),
        ("16.8", (np.array([1.0, 2, 3, 4, 5]), 2), "[9, 6]"),
        ("16.9", (np.array([[16.0, 3], [18, 4], [16, 5], [14, 6]]),), "(2, 1)"),
    ],
)
def test_the_example_in_a_statement_is_what_the_solution_returns(id, inputs, shown):
    ex = exercise(id)
    assert shown in ex.statement
    found = np.ravel(ex.solution_function(*inputs))
    assert (
        difference(
            found, np.ravel(json.loads(shown.replace("(", "[").replace(")", "]"))), 2e-3, 5e-4
        )
        is None
    )


# Feedback


@pytest.mark.parametrize(
    ("id", "wrong", "truth"),
    [("6.1", 1.4, "1.5"), ("8.1", 137, "140"), ("7.1", 600, "625"), ("2.7", 6.5, "6.236")],
)
def test_a_value_is_not_given_away(id, wrong, truth):
    status, message = said(id, wrong)
    assert status == "incorrect"
    assert truth not in message
    assert "too" in message


def test_how_far_off():
    assert how_far(1.1, 1.0) == "It is too large, by about 10 %."
    assert how_far(100, 140) == "It is too small, by about 30 %."  # of what is right
    assert how_far(-3.0, 1.0) == "It has the wrong sign."
    assert how_far(0.25, 1.0) == "It is too small, by a factor of about 4."
    assert how_far(1.0, 0.0) == "It is too large."
    assert how_far(math.inf, 1.0) == "It is infinite."


def test_an_angle_below_the_bound_is_not_rounded_up_to_it():
    message = said("2.13", (-4.5, 4.5))[1]
    assert "88.73 degrees" in message
    assert "not yet extreme enough" in message


def test_two_numbers_are_shown_in_as_many_digits_as_tell_them_apart():
    message = difference(1.08815012, 1.08815037, rtol=1e-9)
    assert message == "1.0881504 was expected, not 1.0881501."
    assert difference(1_486_352, 1_486_353, rtol=1e-9) == "1486353 was expected, not 1486352."


def test_a_rubric_does_not_say_correct(capsys):
    exercise("1.13").check(" ".join(["wrong"] * 60))
    out = capsys.readouterr().out
    assert out.startswith("Exercise 1.13: done; judge yourself. ")
    assert "correct." not in out
    assert list(state.solved()) == ["1.13"]


# Progress


def test_damaged_progress_is_said(own_state):
    own_state.mkdir()
    (own_state / "exercises.json").write_text("{")
    assert "is damaged" in progress_table()
    assert "kept as" in state.record("0.1")
    assert "damaged" not in progress_table()


def test_a_newer_file_keeps_what_this_version_does_not_know(own_state):
    own_state.mkdir()
    path = own_state / "exercises.json"
    newer = {"version": 2, "solved": {"1.1": {"date": "2030-01-01"}}, "notes": [1]}
    path.write_text(json.dumps(newer))
    assert "newer version" in progress_table()
    assert state.solved() == {"1.1": ""}
    assert "newer version" in state.record("0.1")
    after = json.loads(path.read_text())
    assert after["notes"] == [1]
    assert after["version"] == 2
    assert after["solved"]["1.1"] == {"date": "2030-01-01"}
    assert "0.1" in after["solved"]


def test_progress_is_saved_where_there_are_no_locks(monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def refused(*_):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refused)
    assert state.record("0.1") == ""
    assert list(state.solved()) == ["0.1"]
