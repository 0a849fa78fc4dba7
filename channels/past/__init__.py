"""What outlets have been through: when each was in order, in trouble, paused, set anew, tried out."""
