"""Documents to signed documents to verdicts."""
