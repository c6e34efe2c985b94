"""The written outputs a person reads: one HTML page and one Markdown file."""
