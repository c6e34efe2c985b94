"""How good a persona is, computed: each measure from what it holds and whom it is of, none asked of a model."""
