"""ganbook: the companion package of a textbook on generative adversarial networks."""

__version__ = "0.2.0"
