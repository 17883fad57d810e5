"""Ctrl-C at a good moment: between two steps, when weights, optimizer and generators belong together."""

from __future__ import annotations

import signal
import threading
from typing import Any, Self


class HeldBack:
    """`with HeldBack() as interrupt: …; interrupt.now()`: an interrupt waits for `now`, and is raised there."""

    def __init__(self) -> None:
        self._came = False
        # Only the main thread may set handlers, and one that somebody else has set is left alone.
        self._mine = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )

    def _note(self, *_: Any) -> None:
        if self._came:  # twice means at once
            raise KeyboardInterrupt
        self._came = True

    def now(self) -> None:
        if self._came:
            self._came = False
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        if self._mine:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)
