"""Recipes of chapter 12 and of the clinic: small convolutional nets on MNIST at 14 x 14, many seeds
side by side.
"""
