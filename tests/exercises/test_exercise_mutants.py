"""Wrong answers by machine: each solution with one place changed must be refused, unless it does the same.

A mutant scales a constant, keeps one side of an operation, puts one argument in another's place, leaves out a
statement, or repeats its first result. What it returns is compared with the solution's results on inputs drawn
under other seeds; where both agree there, or where the list below says why, a mutant is no wrong answer."""

from __future__ import annotations

import ast
import copy
import inspect
import random
import textwrap

import pytest
import torch

from ganbook.exercises import all_exercises
from ganbook.exercises.engine.compare import difference
from ganbook.exercises.engine.sandbox import copied

SEEDS = (101, 102)
FUNCTIONS = [ex for ex in all_exercises() if ex.kind in ("function", "bug")]
# Mutants that are right although they were written by this file's rules: why.
CLEARS_THE_SAME = "the optimiser holds all parameters of this player, so both calls clear the same"
EQUIVALENT: dict[tuple[str, str], str] = {
    ("2.1", "optimizer_d -> D at 3:4"): CLEARS_THE_SAME,
    ("2.1", "optimizer_g -> G at 7:4"): CLEARS_THE_SAME,
    ("3.3", "optimizer_d -> D at 9:4"): CLEARS_THE_SAME,
    ("3.3", "optimizer_g -> G at 13:4"): CLEARS_THE_SAME,
    ("7.2", "optimizer -> D at 2:4"): CLEARS_THE_SAME,
    ("13.8", "1 -> 2 at 2:20"): "a second picture changes nothing for the first",
    ("13.8", "out.shape[3] // 2 -> 2 at 4:42"): "the rows of a field are the same in every column",
    ("13.8", "2 -> 3 at 4:33"): "the map of scores has equal sides",
    ("13.8", "2 -> 3 at 4:58"): "the rows of a field are the same in every column",
    ("17.10", "256 -> 257 at 3:26"): "one sample more trains as well",
}


def mutants(function):
    """(what was changed, changed source) for every single change of a function's source."""
    source = textwrap.dedent(inspect.getsource(function))
    tree = ast.parse(source)
    names = [a.arg for a in tree.body[0].args.args]

    def changes(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield ast.Constant(
                node.value * 1.5 if isinstance(node.value, float) else node.value + 1
            )
        if isinstance(node, ast.BinOp):
            yield node.left
            yield node.right
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield node.operand
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
            yield from (ast.Name(other, ast.Load()) for other in names if other != node.id)

    places = [(i, k) for i, node in enumerate(ast.walk(tree)) for k, _ in enumerate(changes(node))]
    for place, number in places:
        changed = copy.deepcopy(tree)
        node = list(ast.walk(changed))[place]
        new = list(changes(node))[number]
        was = ast.unparse(node)

        class Put(ast.NodeTransformer):
            def visit(self, here, node=node, new=new):
                return new if here is node else self.generic_visit(here)

        what = f"{was} -> {ast.unparse(new)} at {node.lineno}:{node.col_offset}"
        yield what, ast.unparse(ast.fix_missing_locations(Put().visit(changed)))
    for place, node in enumerate(tree.body[0].body[:-1]):
        changed = copy.deepcopy(tree)
        del changed.body[0].body[place]
        yield f"without `{ast.unparse(node).splitlines()[0]}`", ast.unparse(changed)


def compiled(ex, source):
    namespace = dict(vars(inspect.getmodule(ex.solution_function)))
    exec(source, namespace)
    return namespace[ex.solution_function.__name__]


def domain(ex):
    """Inputs that the check draws under other seeds, and what the solution returns for them."""
    drawn = []

    def recording(*args, **named):
        given = copied(args)
        result = ex.solution_function(*args, **named)
        drawn.append((given, copied(result)))
        return result

    for seed in SEEDS:
        ex.trial(recording, seed)
    return drawn


def differs(ex, answer, drawn):
    """Whether an answer returns something else than the solution on the domain."""
    for given, want in drawn:
        try:
            if difference(answer(*copied(given)), want, 1e-3, 1e-6) is not None:
                return True
        except Exception:
            return True
    return False


def survivors(ex, chosen):
    drawn = domain(ex)
    assert drawn
    # Networks change under the answer, so that what it returns for them later shows nothing.
    by_return = not any(
        want is None or any(isinstance(x, torch.nn.Module) for x in given) for given, want in drawn
    )
    found = []
    for what, source in chosen:
        if (ex.id, what) in EQUIVALENT:
            continue
        answer = compiled(ex, source)
        if ex.trial(answer, time_limit=5)[0].status != "correct":
            continue
        if not by_return or differs(ex, answer, drawn):
            found.append(what)
    return found


def test_the_rules_make_mutants_of_every_kind():
    def solution(x, y):
        z = -2.0 * x
        z = z + y
        return z

    said = [what.partition(" at ")[0] for what, _ in mutants(solution)]
    for expected in ("2.0 -> 3.0", "z + y -> z", "z + y -> y", "x -> y", "y -> x", "-2.0 -> 2.0"):
        assert expected in said
    assert "without `z = -2.0 * x`" in said


@pytest.mark.parametrize("ex", FUNCTIONS, ids=lambda ex: ex.id)
def test_a_sample_of_mutants_is_refused(ex):
    every = list(mutants(ex.solution_function))
    assert every
    chosen = random.Random(ex.id).sample(every, min(3, len(every)))
    assert survivors(ex, chosen) == []


@pytest.mark.slow
@pytest.mark.parametrize("ex", FUNCTIONS, ids=lambda ex: ex.id)
def test_every_mutant_is_refused(ex):
    assert survivors(ex, list(mutants(ex.solution_function))) == []


@pytest.mark.parametrize("ex", FUNCTIONS, ids=lambda ex: ex.id)
def test_the_first_result_for_everything_is_refused(ex):
    first = []

    def answer(*args, **named):
        result = ex.solution_function(*args, **named)
        first.append(copied(result))
        return first[0]

    feedback, _ = ex.trial(answer)
    if all(result is None for result in first):
        return  # it acts on its inputs; the mutants above leave out what it does
    assert feedback.status == "incorrect", feedback


@pytest.mark.slow
def test_what_is_listed_as_equivalent_is_made_and_accepted():
    for (id, what), reason in EQUIVALENT.items():
        ex = next(ex for ex in FUNCTIONS if ex.id == id)
        source = dict(mutants(ex.solution_function))[what]
        assert ex.trial(compiled(ex, source))[0].status == "correct", reason
