"""Values that modules exchange. Frozen, typed, without behaviour that needs a file or a network."""
