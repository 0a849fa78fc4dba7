"""The kinds of channel, one file each; a file dropped here is found."""
