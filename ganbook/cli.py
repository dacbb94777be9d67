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
from typing import Any

import click

from ganbook import __version__
from ganbook.options import Named, OfData, Whole

SEED = Whole(0, 2**63 - 1)  # what a torch.Generator takes
STEPS = Whole(max=10**8)  # the record of so many steps is 2.4 GB


DEVICES = click.Choice(["auto", "cpu", "cuda"])
FILE = click.Path(path_type=Path, dir_okay=False)
EXAMPLES = """Examples:
  python -m ganbook train                        a GAN on 8 x 8 digits, in seconds
  python -m ganbook train --data mnist --network conv --penalty r1 --ema 0.999
  python -m ganbook sample                       pictures from the recorded generator
  python -m ganbook data                         where MNIST is, or fetch it
  python -m ganbook reproduce                    the recorded runs
  python -m ganbook train --help                 all that training can be told"""


@click.group(invoke_without_command=True)
@click.version_option(__version__, prog_name="ganbook")
@click.pass_context
def cli(context: click.Context) -> None:
    """Train and sample the book's GANs, look after its data, and make its records again."""
    if context.invoked_subcommand is None:
        click.echo(f"{context.get_help()}\n\n{EXAMPLES}")


@cli.command()
@click.option("--data", cls=Named, table="DATA", default="digits")
@click.option(
    "--network",
    cls=Named,
    table="NETWORKS",
    default="mlp",
    help="Makes both players; mlp any side, the others 28 x 28.",
)
@click.option("--loss", cls=Named, table="LOSSES", default="non_saturating")
@click.option(
    "--penalty", cls=Named, table="PENALTIES", default="none", help="Is added to D's loss."
)
@click.option(
    "--weight", default=None, type=float, help="The penalty's weight  [default: 10, r1 and r2 1]."
)
@click.option(
    "--ema", default=None, type=float, metavar="DECAY", help="Average G, and sample the average."
)
@click.option(
    "--amp",
    default="off",
    show_default=True,
    type=click.Choice(["off", "bfloat16"]),
    help="Products in bfloat16; parameters and sums stay in float32.",
)
@click.option(
    "--steps", default=None, type=STEPS, help="Steps of each player  [default: 3000, MNIST 2345]."
)
@click.option(
    "--d-steps", default=1, show_default=True, type=int, help="Updates of D for one of G."
)
@click.option("--batch-size", default=None, type=int, help="[default: 64, MNIST 128]")
@click.option("--rate", default=2e-4, show_default=True, type=float, help="Adam's learning rate.")
@click.option(
    "--beta1", default=0.5, show_default=True, type=float, help="Adam's beta1 (the article: 0.9)."
)
@click.option("--seed", default=0, show_default=True, type=SEED)
@click.option(
    "--device",
    default="auto",
    show_default=True,
    type=DEVICES,
    help="auto takes a GPU if there is one.",
)
@click.option(
    "--checkpoint",
    default=None,
    type=FILE,
    metavar="FILE",
    help="Save the whole run here, and go on from it if it is there.",
)
@click.option("--every", default=None, type=int, help="Steps between two saves  [default: 1000].")
@click.option(
    "--samples-every",
    default=None,
    type=Whole(min=1),
    metavar="STEPS",
    help="Write a sheet of samples into the folder after each so many steps.",
)
@click.option(
    "--out", default="out", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)
def train(
    steps: int | None,
    d_steps: int,
    device: str,
    checkpoint: Path | None,
    every: int | None,
    samples_every: int | None,
    out: Path,
    amp: str,
    **choices: Any,
) -> None:
    """Train a GAN; write samples.png, generator.safetensors and run.json, and print its scores.

    Ctrl-C ends a run; with --checkpoint the same command goes on where it stopped. On several
    processors or GPUs: torchrun --nproc-per-node 2 -m ganbook train ...
    """
    from ganbook import distributed, quick
    from ganbook.checkpoints import Checkpoint
    from ganbook.training import TrainingDiverged

    _check_every(every, checkpoint)
    start, grids = time.perf_counter(), (samples_every, out) if samples_every else None
    with distributed.join(device) as team, _plain_warnings(), _interrupts(checkpoint):
        try:
            with team.together():
                if team.leads:
                    quick.check_folder(out)
                choice = quick.Choice(bfloat16=amp == "bfloat16", **choices)
                setup = quick.setup(choice, team.device)
                saved = checkpoint and Checkpoint(checkpoint, 1000 if every is None else every)
            steps = quick.DATA[choice.data].steps if steps is None else steps
            result = quick.train(team, setup, steps, d_steps, saved, grids)
        except (ValueError, OSError, TrainingDiverged) as error:
            if team.leads:
                raise click.ClickException(str(error)) from error
            return
    if not team.leads:
        return
    if len(result) < steps:
        raise click.Abort
    info = quick.write(setup, result, out, time.perf_counter() - start, team)
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
@click.option("-n", "--number", default=64, show_default=True, type=Whole(max=10_000))
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


@cli.command(cls=OfData)
@click.argument("name", default="mnist", metavar="[NAME]")
@click.option("--root", default=None, type=click.Path(path_type=Path), help="Look here first.")
def data(name: str, root: Path | None) -> None:
    """Find a data set (or download it), verify it, and say what there is and where it was found."""
    from ganbook.quick.entries import found

    click.echo("\n".join(found(name, root)))


@cli.command()
@click.argument("name", required=False)
@click.option(
    "--folder",
    default=None,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write  [default: the package's records].",
)
@click.option("--device", default="cpu", show_default=True, type=DEVICES)
@click.option(
    "--checkpoint",
    default=None,
    type=FILE,
    metavar="FILE",
    help="Save each of its runs beside this name, and go on from there.",
)
@click.option("--every", default=None, type=int, help="Steps between two saves  [default: 1000].")
def reproduce(
    name: str | None,
    folder: Path | None,
    device: str,
    checkpoint: Path | None,
    every: int | None,
) -> None:
    """Make a recorded run again; without a NAME, list them.

    The records were made on the CPU; on another device the numbers are those of another run.
    """
    from ganbook import distributed, recipes
    from ganbook.recipes.place import Place, Stopped

    if name is None:
        click.echo("\n".join(recipes.names()))
        return
    recipes.module(name)
    _check_every(every, checkpoint)
    every = 1000 if every is None else every
    with distributed.join(device) as team, _plain_warnings(), _interrupts(checkpoint):
        place = Place(team.device, progress=True, checkpoint=checkpoint, every=every)
        try:
            summary = recipes.run(
                name, folder or Path(__file__).parent / "records", click.echo, place
            )
        except Stopped:
            raise click.Abort from None
    click.echo(json.dumps({"name": name, "result": summary}))


@cli.command()
@click.option(
    "--json", "as_json", is_flag=True, help="Print what the book's page of marks takes over."
)
def exercises(as_json: bool) -> None:
    """Show which exercises you have solved."""
    from ganbook.exercises import progress_json, progress_table

    click.echo(progress_json() if as_json else progress_table())


def _check_every(every: int | None, checkpoint: Path | None) -> None:
    if every is not None and checkpoint is None:
        raise click.UsageError("--every says how often to save: give --checkpoint FILE with it")


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Say what the package warns of (a run that was stopped, a damaged checkpoint) in one line,
    without its place.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", RuntimeWarning)
        warnings.showwarning = lambda message, *_, **__: click.echo(f"ganbook: {message}", err=True)
        yield


@contextmanager
def _interrupts(checkpoint: Path | None) -> Iterator[None]:
    """Say, after Ctrl-C, that a run without a checkpoint is lost; one with a checkpoint says its
    own.
    """
    try:
        yield
    except KeyboardInterrupt:
        if checkpoint is None:
            click.echo(
                "ganbook: stopped; --checkpoint FILE saves a run, so that it goes on", err=True
            )
        raise click.Abort from None


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
