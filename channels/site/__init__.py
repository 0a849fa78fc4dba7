"""The public site: what stands on a portal's shelf as items with addresses, drawn as pages, feeds and a register."""
