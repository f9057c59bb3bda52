"""Is the model like England? Comparisons of finished runs with published figures."""
