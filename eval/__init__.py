"""Prompt regression: whether a changed prompt or model made personas worse."""
