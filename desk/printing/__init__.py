"""Documents on paper (PDF): a page as Decree 30/2020/NĐ-CP has it, and what stands on it."""
