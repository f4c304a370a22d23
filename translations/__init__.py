"""Vietnamese and English messages (gettext)."""
