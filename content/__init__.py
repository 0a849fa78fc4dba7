"""What is said: items, revisions, approvals, renditions, reading, recordings."""
