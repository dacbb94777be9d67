"""Games: how a batch becomes real samples, generated samples and a critic."""

from ganbook.games.conditional import ConditionalGame
from ganbook.games.cycle import CycleGame
from ganbook.games.game import Game, only
from ganbook.games.infogan import InfoGame
from ganbook.games.packed import PackedGame, pack
from ganbook.games.pix2pix import Pix2PixGame
from ganbook.games.side_by_side import Generators, SideBySideGame, joined

__all__ = [
    "ConditionalGame",
    "CycleGame",
    "Game",
    "Generators",
    "InfoGame",
    "PackedGame",
    "Pix2PixGame",
    "SideBySideGame",
    "joined",
    "only",
    "pack",
]
