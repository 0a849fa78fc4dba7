"""What a television desk takes that the shelf cannot draw by itself: the script on paper."""
