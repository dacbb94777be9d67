"""Recipes on mixtures in the plane, many seeds side by side."""
