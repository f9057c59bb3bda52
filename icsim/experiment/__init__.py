"""What a researcher may write, and how it is read."""
