"""What a server of processes loads once for all that are forked from it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loaded_for_good() -> Iterator[None]:
    """Keep what is imported in the block from being looked through for garbage.

    Neither now nor in the processes that are forked: each would make a copy of what it looks at.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
