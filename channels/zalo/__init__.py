"""What all kinds of a Zalo Official Account share: its options, tokens, calls, errors and webhooks."""
