"""The closing table of a run: what was accepted and refused, by chapter."""

from collections import Counter

PATIENCE = 300  # seconds for an answer that ends: a busy machine is no reason to refuse it


def summarise(terminalreporter):
    """Print the table of the run by chapter; for the `pytest_terminal_summary` hook."""
    counts = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for key, value in report.user_properties:
                    if key == "exercise":
                        counts[value[0], value[1]] += value[2]
    if not counts:
        return
    columns = (
        "exercises",
        "rubrics",
        "solutions accepted",
        "alternatives accepted",
        "wrong answers refused",
        "false acceptances",
        "false refusals",
    )
    terminalreporter.section("exercises by chapter")
    terminalreporter.write_line("chapter     " + "  ".join(columns))
    chapters = sorted({chapter for chapter, _ in counts})
    for name, among in [*((str(n), [n]) for n in chapters), ("together", chapters)]:
        numbers = (sum(counts[chapter, column] for chapter in among) for column in columns)
        row = "  ".join(f"{n:>{len(column)}}" for n, column in zip(numbers, columns, strict=True))
        terminalreporter.write_line(f"{name:<12}{row}")
