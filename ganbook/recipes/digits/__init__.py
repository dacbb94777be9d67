"""Runs on scikit-learn's digits, 8 by 8 pictures."""
