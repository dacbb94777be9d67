"""Runs on laws on a line, where the penalised optimum is known in closed form."""
