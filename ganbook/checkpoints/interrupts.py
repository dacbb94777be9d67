"""Ctrl-C and SIGTERM as requests that a loop may honour when its state is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["stop_requests"]


@contextmanager
def stop_requests(requests: list[str]) -> Iterator[None]:
    """Note Ctrl-C and SIGTERM instead of obeying at once, while the block lasts; a second Ctrl-C is
    obeyed.

    Outside the main thread, where Python takes no signals, and for signals that are ignored,
    nothing changes."""

    def note(number: int, frame: Any) -> None:
        if requests and number == signal.SIGINT:
            raise KeyboardInterrupt
        requests.append("Ctrl-C" if number == signal.SIGINT else "SIGTERM")

    main = threading.current_thread() is threading.main_thread()
    former = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)} if main else {}
    former = {n: handler for n, handler in former.items() if handler not in (None, signal.SIG_IGN)}
    for n in former:
        signal.signal(n, note)
    try:
        yield
    finally:
        for n, handler in former.items():
            signal.signal(n, handler)
