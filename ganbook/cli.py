"""The command line: ``python -m ganbook train | sample | data | reproduce | exercises``.

A mistake in what was asked ends with exit code 2 and one line; so does data that cannot be found.
Of the processes that torchrun starts the first one speaks and writes; the others end with 0 when it
has said what is wrong."""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ganbook import __version__

SEED = click.IntRange(0, 2**63 - 1)  # what a torch.Generator takes
STEPS = click.IntRange(max=10**8)  # the record of so many steps is 2.4 GB


@click.group(no_args_is_help=False)
@click.version_option(__version__, prog_name="ganbook")
def cli() -> None:
    """Train and sample the book's GANs, look after its data, and make its records again."""


@cli.command()
@click.option(
    "--data",
    "data_name",
    default="digits",
    show_default=True,
    metavar="NAME",
    help="digits or mnist.",
)
@click.option(
    "--loss",
    default="non_saturating",
    show_default=True,
    metavar="NAME",
    help="A name in ganbook.losses.",
)
@click.option(
    "--steps", default=None, type=STEPS, help="Steps of each player  [default: 3000, mnist 2345]."
)
@click.option(
    "--d-steps", default=1, show_default=True, type=int, help="Updates of D for one of G."
)
@click.option("--batch-size", default=None, type=int, help="[default: 64, mnist 128]")
@click.option("--rate", default=2e-4, show_default=True, type=float, help="Adam's learning rate.")
@click.option(
    "--beta1", default=0.5, show_default=True, type=float, help="Adam's beta1 (the article: 0.9)."
)
@click.option("--seed", default=0, show_default=True, type=SEED)
@click.option(
    "--device", default="auto", show_default=True, type=click.Choice(["auto", "cpu", "cuda"])
)
@click.option(
    "--checkpoint",
    default=None,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the whole run here, and go on from it if it is there.",
)
@click.option("--every", default=None, type=int, help="Steps between two saves  [default: 1000].")
@click.option(
    "--out", default="out", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)
def train(
    data_name: str,
    loss: str,
    steps: int | None,
    d_steps: int,
    batch_size: int | None,
    rate: float,
    beta1: float,
    seed: int,
    device: str,
    checkpoint: Path | None,
    every: int | None,
    out: Path,
) -> None:
    """Train a GAN; write samples.png, generator.safetensors and run.json, and print its scores.

    On several processors or GPUs: torchrun --nproc-per-node 2 -m ganbook train ...
    """
    from ganbook import distributed, losses, quick
    from ganbook.checkpoints import Checkpoint
    from ganbook.training import TrainingDiverged

    if every is not None and checkpoint is None:
        raise click.UsageError("--every says how often to save: give --checkpoint FILE with it")
    chosen = losses.get(loss)
    start = time.perf_counter()
    with distributed.join(device) as team, _plain_warnings():
        try:
            with team.together():
                if team.leads:
                    quick.check_folder(out)
                setup = quick.setup(data_name, seed, batch_size, rate, beta1, team.device)
                saved = checkpoint and Checkpoint(checkpoint, 1000 if every is None else every)
            steps = quick.DATA[data_name].steps if steps is None else steps
            result = quick.train(team, setup, chosen, steps, d_steps, seed, saved)
        except (ValueError, OSError, TrainingDiverged) as error:
            if team.leads:
                raise click.ClickException(str(error)) from error
            return
    if not team.leads:
        return
    if len(result) < steps:
        raise click.Abort
    info = quick.write(setup, result, out, seed, time.perf_counter() - start, team)
    click.echo(
        f"Fréchet distance {info['frechet']:.2f} (real against real {info['floor']:.2f}, "
        f"noise {info['ceiling']:.2f}; {info['features']})"
    )
    click.echo(f"wrote {out / 'samples.png'}, {out / 'generator.safetensors'}, {out / 'run.json'}")


@cli.command()
@click.option(
    "--weights",
    default=None,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A generator.safetensors that `train` wrote  [default: the recorded run of 50 epochs].",
)
@click.option("-n", "--number", default=64, show_default=True, type=click.IntRange(max=10_000))
@click.option("--seed", default=0, show_default=True, type=SEED)
@click.option(
    "--out",
    default="samples.png",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
)
def sample(weights: Path | None, number: int, seed: int, out: Path) -> None:
    """Draw images from a trained generator into one picture file."""
    from ganbook import quick

    quick.draw(weights, number, seed, out)
    click.echo(f"wrote {out}: {number} images")


@cli.command()
@click.option("--root", default=None, type=click.Path(path_type=Path), help="Look here first.")
def data(root: Path | None) -> None:
    """Find MNIST (or download it), verify it, and say how many images there are."""
    from ganbook.data import mnist

    for split in ("train", "test"):
        images = mnist(split, root)
        click.echo(f"{split}: {len(images.x)} images, verified")


@cli.command()
@click.argument("name", required=False)
@click.option(
    "--folder",
    default=None,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write  [default: the package's records].",
)
def reproduce(name: str | None, folder: Path | None) -> None:
    """Make a recorded run again; without a NAME, list them."""
    from ganbook import recipes

    if name is None:
        click.echo("\n".join(recipes.names()))
        return
    summary = recipes.run(name, folder or Path(__file__).parent / "records", log=click.echo)
    click.echo(json.dumps({"name": name, "result": summary}))


@cli.command()
@click.option(
    "--json", "as_json", is_flag=True, help="Print what the book's page of marks takes over."
)
def exercises(as_json: bool) -> None:
    """Show which exercises you have solved."""
    from ganbook.exercises import progress_json, progress_table

    click.echo(progress_json() if as_json else progress_table())


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Say what the package warns of (a run that was stopped, a damaged checkpoint) in one line,
    without its place.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", RuntimeWarning)
        warnings.showwarning = lambda message, *_, **__: click.echo(f"ganbook: {message}", err=True)
        yield


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exits with 0, with 2 and one line for a mistake, or with 130 after
    Ctrl-C.
    """
    try:
        cli.main(arguments, prog_name="python -m ganbook", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        _stop(error.format_message())
    except (ValueError, OSError) as error:
        _stop(str(error))


def _stop(message: str) -> None:
    if os.environ.get("RANK", "0") != "0":
        sys.exit(0)
    click.echo("ganbook: " + " ".join(message.split()), err=True)
    sys.exit(2)
