"""What every test run shares: a fixed budget, a drawing backend without a screen, and the closing
count.
"""

import os
import tempfile

import matplotlib

os.environ["GANBOOK_BUDGET"] = "book"
os.environ["GANBOOK_PROGRESS"] = "0"
matplotlib.use(
    "agg"
)  # here only: the notebooks' kernels keep their own backend, which shows figures
os.environ.setdefault("GANBOOK_STATE", os.path.join(tempfile.gettempdir(), "ganbook-test-state"))


def pytest_terminal_summary(terminalreporter):
    ran = [
        r
        for kind in ("passed", "failed")
        for r in terminalreporter.stats.get(kind, [])
        if r.when == "call"
    ]
    cells = [r for r in ran if ".ipynb::" in r.nodeid]
    notebooks = {r.nodeid.split("::")[0] for r in cells}
    if any("test_exercises.py" in r.nodeid for r in ran):
        from support.exercises import summarise

        summarise(terminalreporter)
    terminalreporter.write_sep("=", "what ran")
    terminalreporter.write_line(
        f"{len(ran) - len(cells)} tests, and {len(cells)} cells of {len(notebooks)} notebooks"
    )
