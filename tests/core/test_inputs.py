"""The rules for what can be sent for a task: a table for each."""

from typing import Any

import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from donebase.core.shapes import Completion, NewTask, TaskChanges
from donebase.core.values import Description, PositiveInt8, Title

Model = type[NewTask] | type[TaskChanges] | type[Completion]

EMOJI = "\U0001f600"
# Everything that Unicode calls White_Space.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
WHITE_SPACE += "\u2028\u2029\u202f\u205f\u3000"
# What shows nothing besides: formats, fillers, marks that only change what is beside them, controls.
INVISIBLE = (
    "\N{SOFT HYPHEN}\N{COMBINING GRAPHEME JOINER}\N{ARABIC LETTER MARK}\N{HANGUL CHOSEONG FILLER}"
    "\N{HANGUL JUNGSEONG FILLER}\N{KHMER VOWEL INHERENT AQ}\N{MONGOLIAN FREE VARIATION SELECTOR ONE}"
    "\N{MONGOLIAN VOWEL SEPARATOR}\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
    "\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT OVERRIDE}\N{WORD JOINER}\N{BRAILLE PATTERN BLANK}\N{HANGUL FILLER}"
    "\N{VARIATION SELECTOR-16}\N{ZERO WIDTH NO-BREAK SPACE}\N{HALFWIDTH HANGUL FILLER}\N{LANGUAGE TAG}"
    "\N{VARIATION SELECTOR-17}\x01\x07\x1b\x7f\x9f"
)

MODELS: list[Model] = [NewTask, TaskChanges]


def stored(model: type[BaseModel], **sent: Any) -> dict[str, Any]:
    return model.model_validate(sent).model_dump()


def faults(model: type[BaseModel], sent: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(sent)
    return [(str(fault["loc"][0]), fault["type"]) for fault in refused.value.errors(include_url=False)]


def named(value: object) -> str:
    return ascii(value)[:40]


def title(model: Model, text: object) -> object:
    return stored(model, title=text)["title"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "text",
    [
        "Buy milk",
        "x",
        "0",
        "null",
        "?",
        EMOJI,
        "e\u0301",  # is not composed on the way
        "\u212b",  # nor normalised otherwise
        "two  spaces\tand\u00a0others",
        "a\u200bb",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\U0001f469\U0001f3fd\u200d\U0001f680",
        "\u2764\ufe0f",
        "\u200bmilk\u200b",
        "\ufeffmilk\u200e",
        "\u3164milk\u2800",
        "'; DROP TABLE tasks; --",
        "<b>milk</b>",
        "x" * 500,
        EMOJI * 500,
    ],
    ids=named,
)
def test_a_title_is_kept(model: Model, text: str) -> None:
    assert title(model, text) == text


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        *((f"{space}milk{space}", "milk") for space in WHITE_SPACE),
        (f"{WHITE_SPACE}oat {WHITE_SPACE} milk{WHITE_SPACE}", f"oat {WHITE_SPACE} milk"),
        (" \u200b milk \u200b ", "\u200b milk \u200b"),
        (" " * 1000 + "x" * 500 + "\u3000" * 1000, "x" * 500),
        (f" {EMOJI * 500} ", EMOJI * 500),
    ],
    ids=named,
)
def test_a_title_is_kept_without_white_space_around_it(model: Model, text: str, kept: str) -> None:
    assert title(model, text) == kept


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("text", ["", *WHITE_SPACE, WHITE_SPACE, *INVISIBLE], ids=named)
def test_a_title_that_shows_nothing_is_refused(model: Model, text: str) -> None:
    for nothing in (text, text * 3, f" {text} ", f"{text}\u200b{text}"):
        assert faults(model, {"title": nothing}) == [("title", "blank")]


def test_a_title_of_all_that_shows_nothing_is_refused() -> None:
    assert faults(NewTask, {"title": INVISIBLE + WHITE_SPACE}) == [("title", "blank")]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\U0001fa77", id="pink heart, Unicode 15"),
        pytest.param("\U0001fae9", id="face with bags under eyes, Unicode 16"),
        pytest.param("\U00031350", id="ideograph, Unicode 15"),
    ],
)
def test_a_title_that_is_newer_than_python_is_kept(text: str) -> None:
    assert title(NewTask, text) == text


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 501, "too_long"),
        (EMOJI * 501, "too_long"),
        (f" {'x' * 501} ", "too_long"),
        ("x" * 500 + "\u200b", "too_long"),
        ("x" * 100_000, "too_long"),
        ("milk\x00", "nul_character"),
        ("\x00", "nul_character"),
        (" \x00 ", "nul_character"),
        ("x" * 501 + "\x00", "nul_character"),
        (None, "string_type"),
        (7, "string_type"),
        (True, "string_type"),
        (["milk"], "string_type"),
        ({"text": "milk"}, "string_type"),
        (b"milk", "string_type"),
    ],
    ids=named,
)
def test_a_title_is_refused(model: Model, text: object, why: str) -> None:
    assert faults(model, {"title": text}) == [("title", why)]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "\u200b",
        " two litres,\r\n\tthe blue one \u200b\n",
        "e\u0301 \u212b",
        "x" * 5000,
        EMOJI * 5000,
        " " * 5000,
    ],
    ids=named,
)
def test_a_description_is_kept_as_it_is(text: str | None) -> None:
    assert stored(NewTask, title="x", description=text)["description"] == text
    assert stored(TaskChanges, description=text) == {"description": text}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 5001, "too_long"),
        (EMOJI * 5001, "too_long"),
        (" " * 5001, "too_long"),
        ("milk\x00", "nul_character"),
        ("x" * 5001 + "\x00", "nul_character"),
        (7, "string_type"),
        (False, "string_type"),
        (["milk"], "string_type"),
    ],
    ids=named,
)
def test_a_description_is_refused(text: object, why: str) -> None:
    assert faults(NewTask, {"title": "x", "description": text}) == [("description", why)]
    assert faults(TaskChanges, {"description": text}) == [("description", why)]


@pytest.mark.parametrize("text", ["\ud800", "milk \udfff", "\ude00\ud83d", "\ud83d milk \ude00"], ids=named)
def test_text_that_utf8_cannot_carry_is_refused(text: str) -> None:
    assert [field for field, _ in faults(NewTask, {"title": text, "description": text})] == ["title", "description"]
    assert [field for field, _ in faults(TaskChanges, {"title": text, "description": text})] == ["title", "description"]


@pytest.mark.parametrize("done", [True, False])
def test_done_is_true_or_false(done: bool) -> None:
    assert stored(NewTask, title="x", completed=done)["completed"] is done
    assert stored(TaskChanges, completed=done) == stored(Completion, completed=done) == {"completed": done}


@pytest.mark.parametrize("done", [None, 0, 1, 1.0, "true", "false", "yes", "", [], [True], float("inf")], ids=named)
def test_nothing_else_is_done(done: object) -> None:
    assert faults(NewTask, {"title": "x", "completed": done}) == [("completed", "bool_type")]
    assert faults(TaskChanges, {"completed": done}) == [("completed", "bool_type")]
    assert faults(Completion, {"completed": done}) == [("completed", "bool_type")]


@pytest.mark.parametrize("priority", ["low", "medium", "high", None])
def test_a_priority_is_one_of_three_or_null(priority: str | None) -> None:
    assert stored(NewTask, title="x", priority=priority)["priority"] == priority
    assert stored(TaskChanges, priority=priority) == {"priority": priority}


@pytest.mark.parametrize(
    ("priority", "why"),
    [
        *((text, "unknown_value") for text in ("", "High", "high ", "highest", "none", "null", "1", "\0", "\ud800")),
        *((value, "string_type") for value in (1, True, 5.0, ["high"], {"high": 1}, b"high")),
    ],
    ids=named,
)
def test_nothing_else_is_a_priority(priority: object, why: str) -> None:
    assert faults(NewTask, {"title": "x", "priority": priority}) == [("priority", why)]
    assert faults(TaskChanges, {"priority": priority}) == [("priority", why)]


@pytest.mark.parametrize("user", [1, 123, 2**31, 2**53 + 1, 2**63 - 1])
def test_an_owner_can_be_named(user: int) -> None:
    assert TypeAdapter(PositiveInt8).validate_python(user) == user
    assert stored(TaskChanges, user_id=user) == stored(Completion, user_id=user) == {"user_id": user}
    assert stored(NewTask, title="x", user_id=user)["user_id"] == user


@pytest.mark.parametrize(
    ("user", "why"),
    [
        (0, "out_of_range"),
        (-1, "out_of_range"),
        (2**63, "out_of_range"),
        (2**64 + 1, "out_of_range"),
        (10**1000, "out_of_range"),
        (True, "int_type"),
        (7.0, "int_type"),
        (float("nan"), "int_type"),
        (float("inf"), "int_type"),
        ("7", "int_type"),
        ("", "int_type"),
        ([7], "int_type"),
    ],
    ids=named,
)
def test_an_owner_is_refused(user: object, why: str) -> None:
    for model, sent in ((NewTask, {"title": "x"}), (TaskChanges, {}), (Completion, {})):
        assert faults(model, {**sent, "user_id": user}) == [("user_id", why)]


@pytest.mark.parametrize("field", ["id", "created_at", "updated_at"])
@pytest.mark.parametrize(
    "value", [None, 7, "2026-11-20T08:00:00.123456Z", -1.5, float("inf"), [], {"a": {}}], ids=named
)
def test_what_only_the_database_sets_is_ignored(field: str, value: object) -> None:
    assert stored(NewTask, **{"title": "x", field: value}) == stored(NewTask, title="x")
    assert stored(TaskChanges, **{field: value}) == stored(Completion, **{field: value}) == {}


@pytest.mark.parametrize("name", ["done", "Title", "title ", "", "a\x00b", "user", "id_", "__class__", "model_config"])
def test_an_unknown_field_is_named(name: str) -> None:
    for model, sent in ((NewTask, {"title": "x"}), (TaskChanges, {}), (Completion, {})):
        assert faults(model, {**sent, name: 1}) == [(name, "extra_forbidden")]


@pytest.mark.parametrize("name", ["title", "description"])
def test_a_completion_says_nothing_else(name: str) -> None:
    assert faults(Completion, {"completed": True, name: "x"}) == [(name, "extra_forbidden")]


def test_what_is_left_out_of_a_new_task_takes_its_default() -> None:
    assert stored(NewTask, title="x") == {
        **{"title": "x", "description": None, "completed": False, "due": None, "priority": None, "tags": []},
        "order": None,
    }


def test_a_new_task_needs_a_title() -> None:
    assert faults(NewTask, {}) == [("title", "missing")]
    assert faults(NewTask, {"description": "x", "completed": True}) == [("title", "missing")]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"title": "x"},
        {"description": "x"},
        {"description": None},
        {"completed": False},
        {"title": "x", "completed": True},
        {"title": "x", "description": None, "completed": True, "user_id": 7},
    ],
    ids=named,
)
def test_what_is_left_out_of_a_change_is_left_out(sent: dict[str, object]) -> None:
    assert stored(TaskChanges, **sent) == sent


def test_every_fault_is_told_at_once() -> None:
    sent = {"title": " ", "description": 7, "completed": "no", "user_id": 0, "colour": "blue"}
    why = ["blank", "string_type", "bool_type", "out_of_range", "extra_forbidden"]
    assert sorted(faults(NewTask, sent)) == sorted(zip(sent, why, strict=True))
    assert sorted(faults(TaskChanges, sent)) == sorted(zip(sent, why, strict=True))


TEXT = st.builds(
    lambda before, text, times, after: before + text * times + after,
    *(st.text(WHITE_SPACE, max_size=3), st.text(st.characters(), min_size=1), st.sampled_from([1, 1, 1, 2, 60, 500])),
    st.text(WHITE_SPACE + INVISIBLE, max_size=3),
)
TITLE: TypeAdapter[str] = TypeAdapter(Title)
DESCRIPTION: TypeAdapter[str] = TypeAdapter(Description)
PROPERTY = settings(max_examples=400)


def accepted(rule: TypeAdapter[str], text: str) -> str:
    try:
        return rule.validate_python(text)
    except ValidationError:
        reject()  # what is refused is the tables' business


@PROPERTY
@given(TEXT)
@example("\x1f milk \x1c")
@example("milk \ud800")
def test_a_title_that_is_taken_is_trimmed_short_and_utf8_and_is_taken_again(text: str) -> None:
    kept = accepted(TITLE, text)
    assert kept == text.strip() == kept.strip()
    assert 1 <= len(kept) <= 500
    assert "\x00" not in kept
    assert kept.encode().decode() == kept
    assert accepted(TITLE, kept) == kept


@PROPERTY
@given(TEXT)
@example("milk \ud800")
def test_a_description_that_is_taken_is_kept_short_and_utf8(text: str) -> None:
    kept = accepted(DESCRIPTION, text)
    assert kept == text
    assert len(kept) <= 5000
    assert "\x00" not in kept
    assert kept.encode().decode() == kept
