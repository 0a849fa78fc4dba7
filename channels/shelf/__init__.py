"""What stands on outlets' shelves, and what of it was pulled."""
