"""Keeps personal numbers out of the server's log."""

import logging

from foundation.privacy import mask_text


class MaskNumbers(logging.Filter):
    """Masks numbers in what a log says; for ``uvicorn.access``, which writes addresses down.

    An address holds one only where somebody wrote a code with an owner's number into it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line through, masked."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                mask_text(one) if isinstance(one, str) else one for one in record.args
            )
        record.msg = mask_text(str(record.msg))
        return True
