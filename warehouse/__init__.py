"""The person's own store of papers."""
