"""What of outlets' quotas is used and planned."""
