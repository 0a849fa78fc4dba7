"""Notice boards: sheets that hang at offices, and what a screen beside the counter shows."""
