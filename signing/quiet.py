"""Keep libraries from printing what is judged here and told in our own words."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

#: pyHanko logs every finding as a warning or error with a traceback; here they are facts.
_LOUD = ("pyhanko", "pyhanko_certvalidator")


@contextmanager
def quiet() -> Iterator[None]:
    """A block in which those libraries log nothing and warn of nothing."""
    before = {name: logging.getLogger(name).level for name in _LOUD}
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
