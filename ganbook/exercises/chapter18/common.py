"""A wrong answer to every exercise of this group."""


def says_nothing(function):
    """Passes on whatever it is handed."""
