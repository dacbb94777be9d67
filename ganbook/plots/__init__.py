"""Pictures only: each function takes data and an optional Axes, or returns a Figure, and computes
nothing.

One module per topic; `style` holds the palette (Okabe and Ito's, safe for the colour-blind).
"""
