"""What a GPU would refuse, read from the sources: CPU generators drawn onto another device.

The `meta` device, on which placement is tested, is blind to it.
"""

import nbformat
import pytest

from support.paths import NOTEBOOKS, ROOT
from support.sources import off_the_device, split_draws, trains_without_budget

SOURCES = sorted(
    path for folder in ("ganbook", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
CHAPTERS = sorted(NOTEBOOKS.glob("*.ipynb"))


def code(path):
    """The sources of a notebook's code cells."""
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def test_no_module_draws_from_a_cpu_generator_onto_a_device():
    found = {
        path.relative_to(ROOT).as_posix(): split_draws(path.read_text(encoding="utf-8"))
        for path in SOURCES
    }
    assert len(found) > 100
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_cell_draws_from_a_cpu_generator_onto_a_device(path):
    assert [line for source in code(path) for line in split_draws(source)] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_training_loop_of_a_cell_waits_or_leaves_noise_on_the_cpu(path):
    assert [line for source in code(path) for line in off_the_device(source)] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_training_cell_lacks_a_budget(path):
    """A cell that trains takes its device or its steps from `budget`, or says in a comment what is
    the same under both budgets.
    """
    assert trains_without_budget(code(path)) == []


@pytest.mark.parametrize(
    "source",
    [
        "z = torch.randn(4, 2, generator=g, device=device)",
        "torch.rand(4, generator=self.generator, device=x.device, dtype=x.dtype)",
        "order = torch.randperm(n, generator=torch.Generator().manual_seed(0), device='cuda')",
        "torch.randint(0, 9, (4,), device=x.device, generator=g)",
        "x = torch.empty(3, device=device).normal_(generator=g)",
        "x.uniform_(generator=g)",
        "torch.empty_like(x).normal_(generator=g)",
    ],
)
def test_a_planted_draw_is_caught(source):
    assert len(split_draws(f"def draw():\n    {source}")) == 1


@pytest.mark.parametrize(
    "source",
    [
        "z = torch.randn(4, 2, generator=g).to(device)",
        "e = torch.rand(4, device=x.device)",
        "e = torch.rand(4, device=x.device, generator=None)",
        "x = torch.zeros(4, device=device)",
        "z = torch.empty(4, 2).normal_(generator=g).to(device)",
    ],
)
def test_a_sound_draw_is_left_alone(source):
    assert split_draws(source) == []


LOOP = "for _ in range(9):\n    loss(G(z)).backward()\n    optimizer.step()\n"
TRAIN = f"def train(G, steps):\n    {LOOP.replace(chr(10), chr(10) + '    ')}\n"
FIT = "from ganbook.training import Game, fit\n"


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([LOOP], [1]),
        ([TRAIN], []),  # a definition trains nothing yet
        ([TRAIN, "train(G, 200)"], [2]),
        ([TRAIN, "runs = [train(G, 200) for G in players]"], [2]),
        ([TRAIN, "def both():\n    return train(A, 3), train(B, 3)", "both()"], [3]),
        ([FIT, "history = fit(game, batches, steps=200)"], [2]),
        ([FIT, "def play(seed):\n    return fit(game, batches)", "play(0)"], [3]),
        (["from ganbook import autoregressive", "autoregressive.fit(model, x)"], [2]),
        ([TRAIN, "train(G, budget.choose(200, 2000))"], []),
        ([TRAIN, "steps = budget.choose(200, 2000)", "train(G, steps)"], []),
        (["G = make().to(budget.device())", LOOP], []),
        ([f"budget.device()\n{LOOP}"], []),
        ([TRAIN.replace("G(z)", "G(z.to(budget.device()))"), "train(G, 200)"], []),
        ([f"# Two minutes on a CPU: the same under both budgets.\n{LOOP}"], []),
        ([f"text = 'both budgets'\n{LOOP}"], [1]),
        (["oracle = GaussianNB().fit(x, y)"], []),
    ],
)
def test_the_rule_for_budgets_finds_what_is_planted(cells, found):
    assert trains_without_budget(cells) == found


SENT = """def train(steps):
    device, g = budget.device(), torch.Generator().manual_seed(0)
    G = make().to(device)
    for step in range(steps):
        z = torch.randn(9, 2, generator=g).to(device)
        loss = G(z).square().mean()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            print(loss.item())
    return float(loss)
"""


def test_a_sound_loop_is_left_alone():
    assert off_the_device(SENT) == []
    assert off_the_device("losses = [loss.item() for loss in runs]") == []
    assert off_the_device(f"{LOOP}    kept = z.cpu()\n") == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (".to(device)\n        loss", "\n        loss", "leaves torch.randn(9, 2, generator=g)"),
        ("if step % 50 == 0", "with quiet()", "reads loss.item()"),
        (
            "optimizer.step()\n",
            "optimizer.step()\n        seen += float(loss)\n",
            "reads float(loss)",
        ),
        (".square().mean()", ".numpy().mean()", "reads G(z).numpy()"),
        (".square().mean()", ".mean().tolist()", "reads G(z).mean().tolist()"),
    ],
    ids=["z on the CPU", "item", "float", "numpy", "list"],
)
def test_a_planted_fault_in_a_loop_is_found(old, new, found):
    assert old in SENT
    assert off_the_device(SENT.replace(old, new)) == [found]
    said = f"# The same under both budgets.\n{SENT.replace(old, new)}"
    assert off_the_device(said) == []
