"""Paper to pages to one PDF/A."""
