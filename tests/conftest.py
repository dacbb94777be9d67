import os

import pytest

pytest.register_assert_rewrite("support.page_checks", "support.refusals")


@pytest.fixture(scope="session")
def mnist_test():
    """MNIST's test split; without it tests skip, but under CI they fail."""
    from ganbook import data

    try:
        return data.mnist("test")
    except data.DataError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"MNIST is not here: {error}")
