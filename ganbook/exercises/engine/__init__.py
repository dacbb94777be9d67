"""The machinery under the exercises: declaring, running, comparing, showing, remembering."""
