"""How it gets out: the channel contract, outlets, the outbound client."""
