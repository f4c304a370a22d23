"""Pages to words to fields."""
