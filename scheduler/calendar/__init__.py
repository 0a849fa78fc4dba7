"""The calendar: what went out and what will, day by day, with the days of the moon and public holidays."""
