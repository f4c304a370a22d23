"""``sohoa``, killed (SIGKILL) once what a request asks for is done and before it is answered.

    deadly.py serve …

Run as a program by the tests: only a real process can be killed.
"""

import os
import signal


def _die(*_words: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    from cli import main
    from warehouse import once

    once._keep = _die
    main()
