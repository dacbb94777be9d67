"""Games: how a batch becomes real samples, generated samples and a critic."""

from ganbook.games.conditional import ConditionalGame
from ganbook.games.game import Game, only
from ganbook.games.infogan import InfoGame

__all__ = ["ConditionalGame", "Game", "InfoGame", "only"]
