"""Every sentence that a learner reads at run time can be said in another language."""

import ast
import re

import messages
import pytest
from babel.messages.mofile import write_mo

from ganbook.exercises import all_exercises, exercise
from ganbook.exercises.engine import words
from support.paths import ROOT

LETTERS = re.compile(r"[A-Za-z]{2,}")
# Raised where an exercise is declared, and names of files: nothing that a learner reads.
OF_AUTHORS = {"demand", "ValueError"}
FORMS = ("show.py", "sandbox.py")  # a page's markup, and paths of the system


def calls_above(node, parents):
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", ""))


def unsaid(source):
    """Lines with a sentence that is put together without `say`: nobody can translate it."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and not isinstance(parents[node], ast.FormattedValue):
            text = "".join(v.value for v in node.values if isinstance(v, ast.Constant))
            if len(LETTERS.findall(text)) >= 2 and not OF_AUTHORS & {*calls_above(node, parents)}:
                yield node.lineno, text


def test_no_sentence_is_put_together_without_say():
    found = {}
    for path in sorted((ROOT / "ganbook" / "exercises").rglob("*.py")):
        lines = [line for line in unsaid(path.read_text()) if path.name not in FORMS]
        lines = [line for line in lines if "ganbook.exercises" not in line[1]]
        if lines and "-unreadable-" not in lines[0][1]:
            found[path.name] = lines
    assert found == {}
    planted = 'c.fail(f"The angle is {x} degrees.")\nraise ValueError(f"no angle of {x}")'
    assert [line for line, _ in unsaid(planted)] == [1]


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """A language that puts each sentence between angle quotes."""
    folder = tmp_path_factory.mktemp("locale")
    (folder / "xx/LC_MESSAGES").mkdir(parents=True)
    template = messages.catalogue()
    for message in template:
        if message.id:
            message.string = re.sub(
                r"(\s*)(.*?)(\s*)$", r"\1«\2»\3", message.id, count=1, flags=re.S
            )
    with (folder / "xx/LC_MESSAGES/ganbook.mo").open("wb") as file:
        write_mo(file, template)
    return folder


def outside(text):
    """What of a text stands between no quotes."""
    while text != (text := re.sub(r"«[^«»]*»", " ", text)):
        pass
    return text


@pytest.fixture
def in_marks(marked, monkeypatch):
    monkeypatch.setattr(words, "LOCALES", marked)
    monkeypatch.setenv("LANGUAGE", "xx")


@pytest.mark.parametrize("id", [ex.id for ex in all_exercises()])
def test_feedback_is_said_in_the_reader_s_language(id, in_marks, capsys):
    """Of the feedback on a wrong answer, of hints and of what opens it, no word stays English."""
    ex = exercise(id)
    answer = ex.wrong[0][0] if ex.wrong else "too short"
    feedback = ex.check(answer, record=False)
    assert feedback.status in ("incorrect", "error")
    for text in (feedback.message, capsys.readouterr().out.replace("\n", " ")):
        assert "«" in text and not LETTERS.findall(outside(text)), text
    for number in range(1, len(ex.hints) + 1):
        ex.hint(number)
        said = capsys.readouterr().out
        assert "«" in said and not LETTERS.findall(outside(said)), said


def test_without_a_catalogue_the_sentence_itself(monkeypatch, tmp_path):
    monkeypatch.setattr(words, "LOCALES", tmp_path)
    monkeypatch.setenv("LANGUAGE", "xx:de")
    assert words.say("{n} of {m}, in {{braces}}", n=1, m=2) == "1 of 2, in {braces}"
    assert words.say("a set {x}, no value") == "a set {x}, no value"
    assert words.say("") == ""


def test_a_sentence_is_found_and_filled(in_marks):
    want = "«[1, 2] was expected, not 3.»"
    assert words.say("{want} was expected, not {got}.", want="[1, 2]", got=3) == want
    assert len(messages.catalogue()) > 2_000
