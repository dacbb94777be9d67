"""The numbers and statements of chapter 3: its complete program, its curves, its scores."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from scipy.stats import chi2, spearmanr
from torch import nn
from torch.utils.data import Subset

from ganbook import data, records
from ganbook.data.torchvision_view import torchvision_mnist
from ganbook.features import describe
from ganbook.losses import NON_SATURATING
from ganbook.metrics import nearest_neighbours
from ganbook.networks import count_parameters, mlp_generator
from ganbook.training import Game, d_step, g_step
from support.prose import missing, returned

PROGRAM = Path(__file__).parents[2] / "examples" / "mnist_gan.py"


@pytest.fixture(scope="module")
def program():
    spec = importlib.util.spec_from_file_location("mnist_gan", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# the complete program
# --------------------------------------------------------------------------------------------------


def test_program_can_be_read_and_copied():
    lines = PROGRAM.read_text().splitlines()
    assert len(lines) < 75 and max(map(len, lines)) <= 78
    imports = [line for line in lines if line.startswith(("import", "from"))]
    assert all(line.split()[1].split(".")[0] in ("torch", "torchvision") for line in imports)


def test_program_trains_and_saves_pictures(program, tmp_path, capsys):
    dataset = Subset(torchvision_mnist("train", program.SCALE), range(224))  # 128, then 96
    program.main(dataset, epochs=2, folder=tmp_path)
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in printed] == ["epoch 1", "epoch 2"]
    pictures = sorted(tmp_path.glob("*.png"))
    assert [p.name for p in pictures] == ["epoch_01.png", "epoch_02.png"]
    first, second = (np.asarray(Image.open(p)).astype(float) for p in pictures)
    assert first.shape[:2] == (8 * 30 + 2, 8 * 30 + 2)
    assert np.abs(first - second).max() > 0  # G has moved


def test_program_has_the_players_of_the_article(program):
    G, D = program.make_players()
    assert (count_parameters(G), count_parameters(D)) == (1_486_352, 1_460_225)
    assert [m.p for m in G.modules() if isinstance(m, nn.Dropout)] == [0.0] * 3
    assert [m.p for m in D.modules() if isinstance(m, nn.Dropout)] == [0.3] * 3
    assert not any(isinstance(m, nn.Sigmoid) for m in D.modules())


def test_program_takes_the_steps_of_the_package(program, monkeypatch):
    monkeypatch.setattr(program, "DEVICE", "cpu")
    x_real = data.to_float(data.mnist("train").x[:96]).flatten(1)
    ends, losses = [], []
    for package in (False, True):
        torch.manual_seed(0)
        G, D = (player.cpu() for player in program.make_players())
        for module in D.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0  # its masks are drawn in another order
        optimizers = [torch.optim.SGD(p.parameters(), lr=0.05) for p in (G, D)]
        torch.manual_seed(1)
        if package:
            game = Game(G, D, *optimizers, latent=100)
            game.draw = lambda n: torch.randn(n, 100)
            for _ in range(2):
                loss_d = d_step(game, x_real, NON_SATURATING)["loss_d"].item()
                loss_g = g_step(game, x_real, NON_SATURATING)["loss_g"].item()
            losses.append((loss_d, loss_g))
        else:
            for _ in range(2):
                pair = program.train_step(G, D, *optimizers, x_real)
            losses.append(pair)
        ends.append([p.detach().clone() for p in (*G.parameters(), *D.parameters())])
    assert np.allclose(*losses, rtol=1e-5)
    for a, b in zip(*ends, strict=True):
        assert torch.allclose(a, b, rtol=1e-4, atol=1e-6)


# the loss curves, read honestly
# --------------------------------------------------------------------------------------------------


def test_losses_rank_the_checkpoints_from_epoch_10_on_and_not_before():
    record = records.load("mnist-mlp")
    by_epoch = {k: record[k].reshape(50, 7).mean(1) for k in ("loss_d", "loss_g")}
    at, distance = record["epochs"] - 1, record["frechet"]
    d, g = by_epoch["loss_d"][at], by_epoch["loss_g"][at]
    late = record["epochs"] >= 10
    assert spearmanr(g[late], distance[late]).statistic == pytest.approx(1)
    assert spearmanr(d[late], distance[late]).statistic == pytest.approx(-1)
    assert spearmanr(g[~late], distance[~late]).statistic == pytest.approx(-1)
    assert np.argmax(by_epoch["loss_g"]) == 6  # the seventh epoch
    expected = [2.87, 2.43, 1.97, 1.59, 1.38, 1.24], [0.49, 0.64, 0.77, 0.93, 1.01, 1.08]
    assert np.allclose([g[late], d[late]], expected, atol=0.006)
    assert np.allclose(distance[late], [513, 387, 286, 237, 147, 115], atol=0.6)


# the scores
# --------------------------------------------------------------------------------------------------


def test_the_test_digits_nearest_to_training_pictures_are_all_ones():
    train, test = data.mnist("train"), data.mnist("test")
    pool, new = (images.x.flatten(1).float() / 127.5 - 1 for images in (train, test))
    _, distance = nearest_neighbours(new[:2_000], pool)
    assert (test.y[np.argsort(distance)[:8]] == 1).all()


def test_length_of_a_normal_vector_and_of_the_straight_middle():
    z0, z1 = np.random.default_rng(0).normal(size=(2, 200_000, 100))
    assert abs((z0**2).sum(1).std() - math.sqrt(200)) < 0.1  # 100 plus or minus 14
    assert abs((((z0 + z1) / 2) ** 2).sum(1).mean() - 50) < 0.1
    assert abs(np.linalg.norm(z0, axis=1).std() - 0.7) < 0.02
    assert abs((np.linalg.norm(z0, axis=1).mean() - math.sqrt(50)) / 0.7 - 4.1) < 0.1
    drawn = 2 * 23_450 * 128  # for both players of the recorded run, a few less in last batches
    assert chi2.cdf(50, 100) < 1e-5 and 30 < drawn * chi2.cdf(50, 100) < 50  # "nearly every"


def test_stray_pixels_are_a_small_part_of_the_distance_to_the_training_set():
    G = mlp_generator().eval()
    weights = load_file(records.path("mnist-mlp.safetensors"))
    G.load_state_dict({name: w.float() for name, w in weights.items()})
    with torch.no_grad():
        z = torch.randn(200, 100, generator=torch.Generator().manual_seed(8))
        drawn = data.to_uint8(G(z))[:, 0]
    ink = np.pad(drawn.numpy() > 64, ((0, 0), (1, 1), (1, 1))).astype(int)
    windows = np.lib.stride_tricks.sliding_window_view(ink, (3, 3), axis=(1, 2)).sum((-2, -1))
    alone = windows - ink[:, 1:-1, 1:-1] == 0
    cleaned = drawn.clone()
    cleaned[torch.from_numpy(alone)] = 0
    pool, test = data.mnist("train").x, data.mnist("test").x[:200]
    sets = torch.cat([drawn.flatten(1), cleaned.flatten(1), test.flatten(1)]).float() / 127.5 - 1
    _, distance = nearest_neighbours(sets, pool.flatten(1).float() / 127.5 - 1)
    before, after, new = np.median(np.asarray(distance).reshape(3, 200), axis=1)
    assert new < after < before and before - after < (before - new) / 5


# the solutions
# --------------------------------------------------------------------------------------------------


def test_a_quarter_of_the_bytes_comes_back_too_small_without_rounding():
    byte = torch.arange(256)
    cut = (127.5 * (byte.float() / 127.5 - 1 + 1)).to(torch.uint8)
    wrong = cut != byte
    assert (cut[wrong].long() == byte[wrong] - 1).all()
    assert 0.2 < wrong.double().mean() < 0.3


def test_unrolled_average_keeps_a_share_of_its_start():
    rng, beta, steps = np.random.default_rng(0), 0.9, 12
    start, seen = 5.0, rng.normal(size=steps)
    average = start
    for theta in seen:
        average = beta * average + (1 - beta) * theta
    weights = (1 - beta) * beta ** np.arange(steps)[::-1]
    assert average == pytest.approx(weights @ seen + beta**steps * start, abs=1e-12)
    assert abs(average - weights @ seen) > 1  # without the start it is another number


def test_xy_and_yx_have_the_same_eigenvalues_if_both_are_square():
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(2, 4, 4))
    one, other = (np.poly(product) for product in (X @ Y, Y @ X))
    assert np.allclose(one, other)
    X, Y = rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
    assert len(np.linalg.eigvals(X @ Y)) != len(np.linalg.eigvals(Y @ X))


def test_one_patch_scores_worse_than_noise_by_its_spread_and_not_by_its_mean():
    train, grid = data.mnist("train").x[:1_000], records.load("mnist-mlp")
    noise = torch.randn(1_000, 1, 28, 28, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)
    patch = torch.as_tensor(grid["grid"][grid["epochs"].tolist().index(2)])
    real, of_noise, of_patch = (describe(x)[0].double() for x in (train, noise, patch))
    mean = [((f.mean(0) - real.mean(0)) ** 2).sum() for f in (of_noise, of_patch)]
    spread = [f.var(0).sum() for f in (of_noise, of_patch)]
    assert mean[1] < mean[0] and spread[1] < 0.2 * spread[0]


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "03",
        "In this run the losses agree with the distance from epoch 10 on, and not before",
        "nothing guaranteed either",
        "Noise is no upper limit",
        "Nor does a small one prove it",
        "we did not vary it",
        "used the package's loop",
        "The difference is small beside the 115",
        "Compare the two pictures of each column",
        "Pixel distance is a crude measure",
        "for any two square matrices",
        "shorter than nearly every training input",
        "each column of the last three rows",
        "without its isolated pixels a generated digit is hardly nearer",
    )
    assert not returned(
        "03",
        "the wrong one",
        "ceiling",
        "nothing depends on it much",
        "its first five epochs on nothing",
        "quiet relatives",
        "the loss is small beside",
        "put a finger",
        "a coarse eye",
        "about half of all bytes",
        "still draw one patch of speckle",
        "shorter than any training input",
        "looks only a little strange",
        "every unit contributes",
    )
