"""What the server that workers are forked from has ready for them, by importing this module:
the code that works on pages, and the second reader's model where it is installed."""

from foundation.loading import loaded_for_good

with loaded_for_good():
    import digitize.page  # noqa: F401  imported for the workers
    from ocr.reader import load

    load()
