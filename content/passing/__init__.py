"""An item passed down the tree of units: what each unit under it makes of it."""
