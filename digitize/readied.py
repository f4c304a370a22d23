"""What the server that workers are forked from has ready for them, by importing this module:
the code that works on pages, and the second reader's model where it is installed.

None of it is looked through for garbage, neither now nor in the workers: they would each make
a copy of what they look at.
"""

import gc

gc.disable()
try:
    import digitize.page  # noqa: F401  imported for the workers
    from ocr.reader import load

    load()
finally:
    gc.freeze()
    gc.enable()
