"""Games: how a batch becomes real samples, generated samples and a critic."""

from ganbook.games.conditional import ConditionalGame
from ganbook.games.frames import FrameGame, frames
from ganbook.games.game import Game, only
from ganbook.games.infogan import InfoGame
from ganbook.games.packed import PackedGame, pack
from ganbook.games.reconstruction import ReconstructionGame
from ganbook.games.side_by_side import Generators, SideBySideGame, joined

__all__ = [
    "ConditionalGame",
    "FrameGame",
    "Game",
    "Generators",
    "InfoGame",
    "PackedGame",
    "ReconstructionGame",
    "SideBySideGame",
    "frames",
    "joined",
    "only",
    "pack",
]
