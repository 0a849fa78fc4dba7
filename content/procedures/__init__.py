"""Administrative procedures (thủ tục hành chính): what the office's people may ask for, and what changed of it."""
