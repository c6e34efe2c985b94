"""Versioned Jinja2 prompts and their loader."""
