"""Who receives events, and what still waits to be sent to them."""
