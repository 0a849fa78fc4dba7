"""Notice boards: sheets to print, the page of whoever posts them, the screen at the counter, and their standing at the desk."""
