"""The office's own readings: written forms and the words to be said for them, kept in the database."""
