"""Reports of what was sent: periods, figures, what a report says, its files, and reports that were handed in."""
