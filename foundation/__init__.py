"""The ground the rooms stand on: errors, messages, safe files, times, masking.

Nothing here knows what a page, a signature or a record is.

    from foundation import ExitCode, SohoaError, _

    class FeederEmpty(SohoaError):
        exit_code = ExitCode.SCANNER
        message = N_("{device}: the feeder is empty. Lay the sheets in and try again.")
"""

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _, set_language

__all__ = ["N_", "ExitCode", "SohoaError", "_", "set_language"]
