"""The dispatch loop's tables: parcels, the waiting list, attempts, receipts."""
