"""What a radio station is given: tracks, lists, the podcast feed; its tokens and what it aired."""
