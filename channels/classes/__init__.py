"""Training classes: sessions, who is invited and what they answered, who came, materials, certificates."""
