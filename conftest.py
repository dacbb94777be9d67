"""What every test run shares: a fixed budget, a drawing backend without a screen, and the closing
count.
"""

import os
import tempfile

import matplotlib
import pytest

from support import times
from support.exercises import summarise

pytest_plugins = ["support.svg_outputs"]

os.environ["GANBOOK_BUDGET"] = "book"
os.environ["GANBOOK_PROGRESS"] = "0"
matplotlib.use(
    "agg"
)  # here only: the notebooks' kernels keep their own backend, which shows figures
os.environ.setdefault("GANBOOK_STATE", os.path.join(tempfile.gettempdir(), "ganbook-test-state"))


def reports(terminalreporter):
    """What every test, and each of its set-ups, told; what is marked slow has no limit."""
    told = [r for kind in terminalreporter.stats.values() for r in kind if hasattr(r, "duration")]
    return [r for r in told if "slow" not in r.keywords]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """The longest file first: what starts last should be short, or one process ends alone."""
    times.longest_first(items, times.known(getattr(config, "cache", None)))


def pytest_sessionfinish(session):
    """Remember how long each file took; on a quiet machine a file over the limit is a failure."""
    config = session.config
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    cache, seconds = getattr(config, "cache", None), times.measured(reports(reporter))
    if cache and seconds:
        cache.set(times.KEY, times.remembered(times.known(cache), seconds))
    if os.environ.get("GANBOOK_QUIET") and times.over_the_limit(seconds) and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    ran = [
        r
        for kind in ("passed", "failed")
        for r in terminalreporter.stats.get(kind, [])
        if r.when == "call"
    ]
    cells = [r for r in ran if ".ipynb::" in r.nodeid]
    notebooks = {r.nodeid.split("::")[0] for r in cells}
    summarise(terminalreporter)
    terminalreporter.write_sep("=", "what ran")
    terminalreporter.write_line(
        f"{len(ran) - len(cells)} tests, and {len(cells)} cells of {len(notebooks)} notebooks"
    )
    seconds = times.measured(reports(terminalreporter))
    for file in times.over_the_limit(seconds):
        terminalreporter.write_line(
            f"{file} took {seconds[file]:.0f} s, and {times.LIMIT} is the limit"
        )
