r"""The first exercise, on the page that shows how the exercises work."""

import torch

from ganbook.exercises.engine.core import Exercise, register


def solution_0_1(pixels):
    return pixels.float() / 127.5 - 1


def alternative_0_1_lookup(pixels):
    table = torch.linspace(-1, 1, 256)
    return table[pixels.long()]


def alternative_0_1_loop(pixels):
    scaled = [-1 + 2 * byte / 255 for byte in pixels.flatten().tolist()]
    return torch.tensor(scaled, dtype=torch.float32).reshape(pixels.shape)


def wrong_0_1_unit(pixels):
    return pixels.float() / 255


def wrong_0_1_overflow(pixels):
    return (2 * pixels) / 255 - 1


def wrong_0_1_power_of_two(pixels):
    return pixels.float() / 128 - 1


def wrong_0_1_inverted(pixels):
    return 1 - pixels.float() / 127.5


def wrong_0_1_own_range(pixels):
    low, high = pixels.min().float(), pixels.max().float()
    return 2 * (pixels.float() - low) / (high - low).clamp(min=1) - 1


def wrong_0_1_double(pixels):
    return pixels.double() / 127.5 - 1


def check_0_1(answer, c):
    every = torch.arange(256).to(torch.uint8).reshape(16, 16)
    dark = torch.tensor([0, 1, 100], dtype=torch.uint8)
    inputs = [
        every,
        dark,
        torch.tensor(51, dtype=torch.uint8),
        *(
            (256 * c.uniform(0, 1, (2, 1, 3, 3))).to(torch.uint8)
            for _ in range(4)
        ),
    ]
    for pixels in inputs:
        got = c.call(answer, pixels)
        c.equal(
            got,
            torch.lerp(
                torch.tensor(-1.0), torch.tensor(1.0), pixels.float() / 255
            ),
            mistakes={
                "That runs from 0 to 1; tanh, the generator's last layer, runs from -1 to 1.": pixels.float()
                / 255,
                "Twice a byte above 127 wraps around: multiply after the change to float.": (
                    2 * pixels
                )
                / 255
                - 1,
                "The largest byte is 255, not 256, and it is to become exactly 1.": pixels.float()
                / 128
                - 1,
                "The picture is inverted: 0 is to become -1.": 1
                - pixels.float() / 127.5,
                "The scale is not to depend on the smallest and largest byte present.": lambda x=pixels: (
                    wrong_0_1_own_range(x)
                ),
            },
        )
    return "The generator's tanh makes numbers of exactly this range, so real and generated images can be compared."


register(
    Exercise(
        id="0.1",
        title="From bytes to the players' scale",
        stars=1,
        kind="function",
        statement=r"""
MNIST stores a pixel as a byte, from 0 (black) to 255 (white); both players work with numbers from $-1$ to $1$.
Write `to_players(pixels)`: for a `uint8` tensor of any shape, a `float32` tensor of the same shape in which the byte
0 has become $-1$, the byte 255 has become $1$, and everything between lies on the straight line through these two.
""",
        stub="""
def to_players(pixels):
    return ...
""",
        hints=(
            "A straight line is a factor and a shift. The 255 steps between black and white must fill a length of 2.",
            "Change to float first (`pixels.float()`); then each step is worth `2 / 255`, and 0 belongs at `-1`.",
        ),
        explanation=r"""
The line through $(0, -1)$ and $(255, 1)$ has the slope $2 / 255 = 1 / 127.5$, so a byte $b$ becomes
$b / 127.5 - 1$. The order of the operations matters: a byte cannot hold $2 \cdot 200$, and `2 * pixels` on a
`uint8` tensor silently gives $400 - 256 = 144$. Dividing by 128 misses white by a little, which no picture shows
and every comparison with a tanh output inherits. And a scale taken from the data's own smallest and largest byte
gives one grey two meanings in two images.
""",
        solution=solution_0_1,
        alternatives=(alternative_0_1_lookup, alternative_0_1_loop),
        wrong=(
            (wrong_0_1_unit, "from 0 to 1"),
            (wrong_0_1_overflow, "wraps around"),
            (wrong_0_1_power_of_two, "not 256"),
            (wrong_0_1_inverted, "inverted"),
            (wrong_0_1_own_range, "depend on the smallest"),
            (wrong_0_1_double, "dtype"),
        ),
        check=check_0_1,
    )
)
