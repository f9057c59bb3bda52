"""Guided stories: a question to the room, then what the model and its twin make of it."""
