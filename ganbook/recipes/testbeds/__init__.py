"""Runs on laws whose density is known: a mixture on the line and a ring in the plane."""
