"""Who stands behind a claim: what passages say it, what passages say the contrary, and which sentences show it."""
