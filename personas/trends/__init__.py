"""Themes, segments and feelings over time, where documents carry dates: `finding.find_trends`."""
