"""Runs on sounds made by code."""
