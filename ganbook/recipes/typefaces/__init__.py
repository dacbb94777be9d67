"""Runs on two typefaces, one to be translated into the other."""
