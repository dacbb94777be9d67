"""How long each file takes: the longest go first, and those over the limit are named."""

KEY, LIMIT = "ganbook/seconds", 60  # of the cache; seconds on a quiet machine
# For files that never ran here. A notebook may take 90 s, and each page is opened in a browser.
PAGES = "tests/book/"
GUESSES = {PAGES: 100, "notebooks/": 90, "tests/cli/": 60, "tests/checkpoints/": 50}
GUESSES |= {"tests/exercises/": 40, "tests/distributed/": 30}


def file_of(nodeid):
    return nodeid.split("::")[0]


def known(cache):
    """Seconds of the files that ran here before; nothing without pytest's cache."""
    return dict(cache.get(KEY, {})) if cache else {}


def expected(file, seconds):
    """Seconds that a file took here before, or a guess."""
    guess = next((n for folder, n in GUESSES.items() if file.startswith(folder)), 10)
    return seconds.get(file, guess)


def longest_first(items, seconds):
    """Order collected items by file; within a file they keep their order, which fixtures rely on.

    The first process begins with the longest file of the pages, and builds the site; the others begin
    with files of their own, or they would wait for it.
    """
    order = sorted({file_of(i.nodeid) for i in items}, key=lambda f: (-expected(f, seconds), f))
    order = sorted(order, key=lambda f: rank(f, order))
    place = {file: number for number, file in enumerate(order)}
    items.sort(key=lambda item: place[file_of(item.nodeid)])


def rank(file, order):
    """0 for the first file of the pages, 1 for the first four of the others, 2 for the rest."""
    pages = file.startswith(PAGES)
    kind = [f for f in order if f.startswith(PAGES) == pages]
    return 2 if file not in kind[: 1 if pages else 4] else 0 if pages else 1


def measured(reports):
    """Seconds by file: calls, with what was set up and torn down for them."""
    seconds = {}
    for report in reports:
        file = file_of(report.nodeid)
        seconds[file] = seconds.get(file, 0) + report.duration
    return seconds


def remembered(before, now):
    """What to keep: a file of which a part was run alone does not become short at once."""
    return before | {f: round(max(s, 0.8 * before.get(f, 0)), 1) for f, s in now.items()}


def over_the_limit(seconds):
    """Test files over the limit, longest first; the notebooks have a budget of their own."""
    files = [f for f, s in seconds.items() if s > LIMIT and not f.endswith(".ipynb")]
    return sorted(files, key=lambda file: -seconds[file])
