"""Games: how a batch becomes real samples, generated samples and a critic."""

from ganbook.games.auxiliary import AuxiliaryGame
from ganbook.games.conditional import ConditionalGame
from ganbook.games.cycle import CycleGame
from ganbook.games.frames import FrameGame, frames
from ganbook.games.game import Game, only
from ganbook.games.infogan import InfoGame
from ganbook.games.packed import PackedGame, pack
from ganbook.games.pix2pix import Pix2PixGame
from ganbook.games.reconstruction import ReconstructionGame
from ganbook.games.semi_supervised import SemiSupervisedGame
from ganbook.games.side_by_side import Generators, SideBySideGame, joined

__all__ = [
    "AuxiliaryGame",
    "ConditionalGame",
    "CycleGame",
    "FrameGame",
    "Game",
    "Generators",
    "InfoGame",
    "PackedGame",
    "Pix2PixGame",
    "ReconstructionGame",
    "SemiSupervisedGame",
    "SideBySideGame",
    "frames",
    "joined",
    "only",
    "pack",
]
