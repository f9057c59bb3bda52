"""The evidence catalogue and the place data: every default with its source."""
