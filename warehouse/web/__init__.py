"""The page a QR code leads to: whether a paper is genuine, in force, and the one in hand.

    app = FastAPI()
    app.include_router(verification_router(desk, agency="UBND xã Hòa An"))

It shows no personal data, needs no script, sets no cookie and keeps no file. What is asked of
the desk is :class:`Desk`; ``dossier.verification`` has the real one.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from warehouse.web.findings import Desk, Finding, Outcome, Signed

if TYPE_CHECKING:
    from warehouse.web.limits import Limits
    from warehouse.web.quiet_log import MaskNumbers
    from warehouse.web.router import verification_router

__all__ = [
    "Desk",
    "Finding",
    "Limits",
    "MaskNumbers",
    "Outcome",
    "Signed",
    "verification_router",
]

_LATE = {"Limits": "limits", "MaskNumbers": "quiet_log", "verification_router": "router"}


def __getattr__(name: str) -> object:
    """Load FastAPI only when a page is to be served."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"warehouse.web.{_LATE[name]}"), name)
