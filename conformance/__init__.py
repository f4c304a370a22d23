"""What others say of the files sohoa signs: veraPDF (PDF/A-2b) and EU DSS (PAdES levels)."""
