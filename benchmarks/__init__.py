"""Benchmarks: each prints ratios measured in one run; the figures stand in docs/performance.md."""
