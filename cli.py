"""The ``sohoa`` command: parses, calls, prints; no logic."""
