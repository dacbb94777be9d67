"""Each listed wrong answer is refused in its own words."""

from __future__ import annotations

import re

import pytest

from support.exercises import PATIENCE

NUMBER = re.compile(r"-?\d[\d.]*(?:e[-+]?\d+)?")


def test_each_wrong_answer_is_refused_in_its_own_words(ex, note):
    refused_in_their_own_words(ex, note, (None, 1))


@pytest.mark.slow
def test_each_wrong_answer_is_refused_under_more_seeds(ex, note):
    refused_in_their_own_words(ex, note, (None, *range(1, 6)))


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
