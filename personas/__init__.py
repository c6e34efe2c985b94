"""The domain: segments to claims to narrative to report."""
