"""Runs on MNIST, 28 by 28 pictures of digits."""
