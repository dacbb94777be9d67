"""Runs on pairs that code made: a picture and what is left of it."""
