"""Runs on short films of a moving patch."""
