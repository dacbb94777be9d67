"""Every exercise of the book, for tests that take ``ex``, and what they count for the table."""

import pytest

from ganbook.exercises import all_exercises


@pytest.fixture(params=all_exercises(), ids=lambda ex: ex.id)
def ex(request):
    """One exercise after the other."""
    return request.param


@pytest.fixture
def note(record_property, ex):
    """Count something for the table: ``note("wrong refused", 5)``."""

    def count(what, number=1):
        record_property("exercise", (ex.chapter, what, number))

    return count
