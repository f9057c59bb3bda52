"""The people of a place: who they are and what they are at risk of."""
