"""Documents to passages to vectors in Chroma to evidence."""
