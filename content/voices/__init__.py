"""One file a voice engine; a file here knows the contract in `content.voice` and no other file here."""
