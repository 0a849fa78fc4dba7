"""Ground floor: the two databases made one."""
