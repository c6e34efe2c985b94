"""What was corrected by hand, from `corrections.toml`: applied on the next run, and told in its report."""
