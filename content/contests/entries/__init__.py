"""Who takes part in a contest: codes that were asked for, and papers."""
