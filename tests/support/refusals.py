"""What tests of checkers share: a wrong answer is refused in words that name its mistake."""

from ganbook.exercises import exercise


def refuse(id, answer, words, seed=None):
    """Assert that a wrong answer is refused, in these words among others."""
    feedback, _ = exercise(id).trial(answer, seed)
    assert feedback.status == "incorrect", feedback.message
    assert words in feedback.message
