"""What keeps a learner's session as it was while an answer is checked: copies, states and a time limit."""

from __future__ import annotations

import copy
import math
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import numpy as np
import torch


class TimeUp(BaseException):
    """The answer did not return in time; a BaseException, so that ``except Exception`` does not swallow it."""


def _importing(frame: Any) -> bool:
    """Whether the frame is inside of an import that the answer, which the engine called, has started."""
    here = os.path.dirname(__file__)
    while frame and os.path.dirname(frame.f_code.co_filename) != here:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


class Clock:
    """A time limit in seconds over all runs of the learner's code in one check.

    It works for Python code in the main thread on POSIX. A long call into C ends late; elsewhere ``limited`` is
    False and nothing is limited. A timer that was running before goes on afterwards. An import that the code has
    started is not stopped halfway, since modules that it left behind unfinished would break the session: each time
    the limit passes inside of one, the code is given the limit once more, ``IMPORTS`` times at most.
    """

    IMPORTS = 12

    def __init__(self, limit: float) -> None:
        self.limit = self.left = limit
        self.limited = (
            hasattr(signal, "setitimer")
            and threading.current_thread() is threading.main_thread()
        )
        self._armed, self._rings, self._imports = False, 0, 0

    def _ring(self, signum: int, frame: Any) -> None:
        if not self._armed:
            return
        if self._imports < self.IMPORTS and _importing(frame):
            self._imports += 1
            self.left += self.limit
            signal.setitimer(signal.ITIMER_REAL, self.limit, 0.05)
            return
        self._rings += 1
        if self._rings <= 3:
            raise TimeUp
        # Three were swallowed by a bare `except:`. A trace raises at a later line instead, each time one line
        # later, so that some time it is a line outside of that `try`.
        lines = self._rings % 16

        def trace(frame: Any, event: str, arg: Any) -> Any:
            nonlocal lines
            lines -= event == "line"
            if lines < 0:
                raise TimeUp
            return trace

        while frame and os.path.dirname(
            frame.f_code.co_filename
        ) != os.path.dirname(__file__):
            frame.f_trace = trace
            frame = frame.f_back
        sys.settrace(lambda *_: None)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of the block; raise TimeUp in it, again and again, once the limit is passed."""
        if not self.limited or self._armed:
            yield
            return
        start, tracing = time.perf_counter(), sys.gettrace()
        handler = signal.signal(signal.SIGALRM, self._ring)
        self._armed, self._rings = True, 0
        delay, interval = signal.setitimer(
            signal.ITIMER_REAL, max(self.left, 1e-3), 0.05
        )
        try:
            yield
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            if self._rings:
                sys.settrace(tracing)
            signal.signal(signal.SIGALRM, handler)
            spent = time.perf_counter() - start
            self.left -= spent
            if delay:
                signal.setitimer(
                    signal.ITIMER_REAL, max(delay - spent, 1e-3), interval
                )


def copied(value: Any) -> Any:
    """A copy of tensors, arrays and containers of them; whatever else is passed as it is."""
    if isinstance(value, torch.nn.Parameter):
        return value
    if isinstance(value, torch.Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return type(value)((key, copied(item)) for key, item in value.items())
    if isinstance(value, (list, set)):
        return type(value)(copied(item) for item in value)
    if type(value) is tuple:
        return tuple(copied(item) for item in value)
    return value


def unchanged(before: Any, after: Any) -> bool:
    """Whether an input still is what it was; NaN equals NaN, and objects that are not copied count as unchanged."""
    if isinstance(before, torch.Tensor):
        return (
            isinstance(after, torch.Tensor)
            and before.dtype == after.dtype
            and before.shape == after.shape
            and before.requires_grad == after.requires_grad
            and torch.equal(
                before.detach().nan_to_num(nan=1.25e30),
                after.detach().nan_to_num(nan=1.25e30),
            )
        )
    if isinstance(before, np.ndarray):
        same_form = (
            before.dtype == after.dtype and before.shape == after.shape
        )
        return same_form and np.array_equal(
            before, after, equal_nan=before.dtype.kind in "fc"
        )
    if isinstance(before, dict):
        return list(before) == list(after) and all(
            unchanged(before[key], after[key]) for key in before
        )
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(
            unchanged(b, a) for b, a in zip(before, after, strict=True)
        )
    if isinstance(before, set):
        return before == after
    return True


@contextmanager
def preserved() -> Iterator[None]:
    """Leave random states, warnings, modes, options, folder and matplotlib as they were."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for restore in (_random_states(), _matplotlib()):
            stack.callback(restore)
        stack.enter_context(modes_preserved())
        yield


@contextmanager
def modes_preserved() -> Iterator[None]:
    """Leave torch's default dtype, device and modes, numpy's options and the folder as they were."""
    with ExitStack() as stack:
        for restore in (_torch_modes(), _numpy_options(), _process()):
            stack.callback(restore)
        yield


LIBRARIES = (
    torch,
    torch.nn,
    torch.nn.functional,
    torch.nn.init,
    torch.autograd,
    torch.linalg,
    torch.special,
    torch.optim,
    torch.Tensor,
    torch.nn.Module,
    torch.nn.Linear,
    torch.optim.SGD,
    torch.optim.Optimizer,
    np,
    np.linalg,
    np.random,
    math,
    random,
)


def global_state() -> dict[str, Any]:
    """What an answer may leave changed for everybody else: torch's modes, and the names of the libraries."""
    return {
        "grad": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
        "device": str(torch.get_default_device()),
        "modules": len(sys.modules),
        "names": [dict(vars(library)) for library in LIBRARIES],
    }


def _hooked(new: Any, old: Any) -> bool:
    """Whether ``new`` is torch's own wrapper around an optimiser's step ``old``."""
    file = torch.optim.Optimizer.profile_hook_step.__code__.co_filename
    code = getattr(new, "__code__", None)
    wraps = getattr(new, "__wrapped__", None) is old
    return wraps and code is not None and code.co_filename == file


def left_behind(before: dict[str, Any], children: set[int]) -> str:
    """Put back what was replaced in the libraries, end forked processes, and name the first thing left; else an empty text."""
    left = []
    for library, names in zip(LIBRARIES, before["names"], strict=True):
        now = vars(library)
        for name, value in names.items():
            if (
                now.get(name, names) is value
                or name.startswith("__")
                or name == "Storage"
            ):
                continue
            new = now.get(name)
            owner = str(getattr(new, "__module__", ""))
            if _hooked(new, value):
                continue  # torch wraps an optimiser's step when its first one is made
            if len(sys.modules) > before["modules"] and owner.startswith(
                ("torch.", "numpy.")
            ):
                continue  # an import may complete its own library
            setattr(library, name, value)
            left.append(f"{library.__name__}.{name} replaced")
        if isinstance(
            library, type
        ):  # an inherited method is replaced by a new name
            bases = library.__mro__[1:]
            for name in set(now) - set(names):
                if any(name in vars(base) for base in bases):
                    delattr(library, name)
                    left.append(f"{library.__name__}.{name} replaced")
    if torch.is_grad_enabled() != before["grad"]:
        left.append("gradients switched off for the whole session")
    if torch.get_default_dtype() != before["dtype"]:
        left.append("another default dtype")
    if str(torch.get_default_device()) != before["device"]:
        left.append("another default device")
    for child in running_children() - children:
        with suppress(OSError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        left.append("a forked process")
    return left[0] if left else ""


def running_children() -> set[int]:
    """The processes forked from this one that still run its program, where the system lists them."""
    try:
        task = f"/proc/{os.getpid()}/task/{threading.get_native_id()}"
        with open(f"{task}/children") as file:
            found = {int(number) for number in file.read().split()}
        with open("/proc/self/cmdline", "rb") as file:
            own = file.read()
        same = set()
        for child in found:
            with suppress(OSError), open(f"/proc/{child}/cmdline", "rb") as f:
                if f.read() in (own, b""):
                    same.add(child)
        return same
    except OSError:
        return set()


def trainable_flags(values: Any) -> list[bool]:
    """requires_grad of every parameter of the networks among the inputs."""
    return [
        p.requires_grad
        for value in values
        if isinstance(value, torch.nn.Module)
        for p in value.parameters()
    ]


def seed_everything(seed: int) -> None:
    """Fix the global random states, so that an answer that draws from them gets the same feedback again."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.random.default_generator.manual_seed(seed)


def _random_states() -> Callable[[], None]:
    python, cpu = random.getstate(), torch.get_rng_state()
    legacy = np.random.get_state()  # noqa: NPY002  (the global state is what a learner's code may move)
    devices = (
        torch.cuda.get_rng_state_all()
        if torch.cuda.is_initialized()
        else None
    )

    def restore() -> None:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002
        torch.set_rng_state(cpu)
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)

    return restore


def _torch_modes() -> Callable[[], None]:
    dtype, grad, threads = (
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
    )
    anomaly, deterministic = (
        torch.is_anomaly_enabled(),
        torch.get_deterministic_debug_mode(),
    )
    device = torch.get_default_device()

    def restore() -> None:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        torch.autograd.set_detect_anomaly(anomaly)
        torch.set_deterministic_debug_mode(deterministic)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if torch.get_default_device() != device:
            torch.set_default_device(device)

    return restore


def _numpy_options() -> Callable[[], None]:
    errors, printing = np.geterr(), np.get_printoptions()

    def restore() -> None:
        np.seterr(**errors)
        np.set_printoptions(
            **{
                key: item
                for key, item in printing.items()
                if key != "override_repr"
            }
        )

    return restore


def _process() -> Callable[[], None]:
    folder, depth = os.getcwd(), sys.getrecursionlimit()

    def restore() -> None:
        os.chdir(folder)
        sys.setrecursionlimit(depth)

    return restore


def _matplotlib() -> Callable[[], None]:
    """Settings, backend and open figures; figures that the answer opened are closed, those it closed come back."""
    known = sys.modules.get("matplotlib")
    settings = dict(dict.items(known.rcParams)) if known else None
    backend = settings["backend"] if settings else None
    pyplot = sys.modules.get("matplotlib.pyplot")
    figures = (
        OrderedDict(pyplot._pylab_helpers.Gcf.figs)
        if pyplot
        else OrderedDict()
    )

    def restore() -> None:
        now = sys.modules.get("matplotlib.pyplot")
        if now:
            managers = now._pylab_helpers.Gcf.figs
            for number in [
                number
                for number, manager in managers.items()
                if figures.get(number) is not manager
            ]:
                now.close(number)
            if (
                pyplot
                and isinstance(backend, str)
                and dict.__getitem__(known.rcParams, "backend") != backend
            ):
                now.switch_backend(backend)
            managers.clear()
            managers.update(figures)
        if known:
            dict.update(known.rcParams, copy.copy(settings))

    return restore
