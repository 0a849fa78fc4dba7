"""The yearly plan of communication: what an office means to say, by which ways, how often, and how far it has come."""
