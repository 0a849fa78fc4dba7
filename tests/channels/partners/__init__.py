"""Partners as strict as the real ones, each on a real socket: they refuse what is wrong, and lose answers on demand."""
