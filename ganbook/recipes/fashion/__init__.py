"""Runs on Fashion-MNIST, 28 by 28 pictures of clothes."""
