"""The store of a run: open from one document to the next, since opening it takes four times as
long as reserving a code in it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse import Warehouse


class KeptStore:
    """Opened when it is first wanted, and anew after whatever went wrong in it.

    Threads take turns.
    """

    def __init__(self, open_store: "Callable[[], AbstractContextManager[Warehouse]]") -> None:
        """``open_store`` opens it for a block."""
        self._open, self._turn = open_store, threading.Lock()
        self._until_closed = ExitStack()
        self._store: Warehouse | None = None

    @contextmanager
    def at_hand(self) -> "Iterator[Warehouse]":
        """The open store, for this thread alone."""
        with self._turn:
            store = self._store or self._until_closed.enter_context(self._open())
            self._store = None  # a fault leaves it closed
            try:
                yield store
            except BaseException:
                self._until_closed.close()
                raise
            self._store = store

    def close(self) -> None:
        """Let go of it."""
        with self._turn:
            self._store = None
            self._until_closed.close()
