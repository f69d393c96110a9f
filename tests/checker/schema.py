"""The form of a question with its answers, as the API contract has it."""

import math

ALWAYS = {"id", "question", "type", "options", "difficulty", "points", "source", "correctAnswer", "explanation"}
SOMETIMES = {"pairs", "bloom", "accepted", "tolerance"}
DIFFICULTIES = ("easy", "medium", "hard")
BLOOM = ("remember", "understand", "apply", "analyze", "evaluate", "create")
GAP = "_____"


def flaws(question):
    """Violations of the form, as (kind, detail)."""
    if not isinstance(question, dict):
        yield "schema.question", f"not an object: {question!r}"
        return
    yield from members(question)
    kind = question.get("type")
    rule = RULES.get(kind) if isinstance(kind, str) else None
    if rule is None:
        yield "schema.type", f"unknown type {kind!r}"
    elif is_texts(question.get("options")):
        yield from rule(question, question["options"], question.get("correctAnswer"))
        yield from belonging(question, kind)


def members(question):
    for name in sorted(ALWAYS - question.keys()):
        yield "schema.missing", name
    for name in sorted(question.keys() - ALWAYS - SOMETIMES):
        yield "schema.unknown", name
    for name, value in question.items():
        if value is None:
            yield "schema.null", name
    for name in ("id", "question"):
        if not is_text(question.get(name)):
            yield f"schema.{name}", repr(question.get(name))
    if not isinstance(question.get("explanation", ""), str):
        yield "schema.explanation", repr(question["explanation"])
    if not is_texts(question.get("options")):
        yield "schema.options", repr(question.get("options"))
    if question.get("difficulty") not in DIFFICULTIES:
        yield "schema.difficulty", repr(question.get("difficulty"))
    if question.get("bloom", "apply") not in BLOOM:
        yield "schema.bloom", repr(question["bloom"])
    if not is_number(question.get("points")) or question["points"] <= 0:
        yield "schema.points", repr(question.get("points"))
    yield from source(question.get("source"))


def source(value):
    if not isinstance(value, dict):
        yield "schema.source", repr(value)
        return
    for name in sorted(value.keys() ^ {"page", "start", "end", "quote"}):
        if name != "page":
            yield "schema.source", f"{name} is missing or unknown"
    for name, least in (("page", 1), ("start", 0), ("end", 1)):
        number = value.get(name, least)
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            yield "schema.source", f"{name} is {number!r}"
    if not isinstance(value.get("quote", ""), str):
        yield "schema.source", f"quote is {value['quote']!r}"


def belonging(question, kind):
    """Members that only some types have."""
    owners = {"accepted": ("short_answer", "cloze"), "tolerance": ("numeric",), "pairs": ("matching",)}
    for name, kinds in owners.items():
        if name in question and kind not in kinds:
            yield f"schema.{name}", f"{kind} has none"
    if "accepted" in question and not is_texts(question["accepted"]):
        yield "schema.accepted", repr(question["accepted"])
    tolerance = question.get("tolerance", 0)
    if not is_number(tolerance) or tolerance < 0:
        yield "schema.tolerance", repr(tolerance)


def multiple_choice(_, options, answer):
    if len(options) != 4:
        yield "options.count", f"{len(options)} options"
    yield from distinct(options)
    if not isinstance(answer, str) or options.count(answer) != 1:
        yield "key.not_an_option", repr(answer)


def multiple_select(_, options, answer):
    if len(options) < 3:
        yield "options.count", f"{len(options)} options"
    yield from distinct(options)
    if not is_texts(answer) or not answer or len(set(answer)) != len(answer):
        yield "key.form", repr(answer)
    elif not set(answer) <= set(options):
        yield "key.not_an_option", repr(answer)


def true_false(_, options, answer):
    if options != ["True", "False"]:
        yield "options.true_false", repr(options)
    if not isinstance(answer, str) or answer not in ("True", "False"):
        yield "key.not_an_option", repr(answer)


def typed(_, options, answer):
    if options:
        yield "options.count", f"{len(options)} options where there are none"
    if not is_text(answer):
        yield "key.form", repr(answer)


def cloze(question, options, answer):
    yield from typed(question, options, answer)
    text = question.get("question")
    if isinstance(text, str) and (text.count(GAP) != 1 or "_" in text.replace(GAP, "", 1)):
        yield "cloze.gap", repr(text)


def numeric(_, options, answer):
    if options:
        yield "options.count", f"{len(options)} options where there are none"
    if not is_number(answer):
        yield "key.form", repr(answer)


def matching(question, options, answer):
    if options:
        yield "options.count", f"{len(options)} options where there are pairs"
    pairs = question.get("pairs")
    if not isinstance(pairs, dict) or pairs.keys() != {"left", "right"} or not all(map(is_texts, pairs.values())):
        yield "pairs.form", repr(pairs)
        return
    left, right = pairs["left"], pairs["right"]
    if len(left) < 2 or len(left) != len(right):
        yield "pairs.count", f"{len(left)} and {len(right)}"
    for side in (left, right):
        yield from distinct(side)
    if not isinstance(answer, dict) or not is_texts(list(answer.values())):
        yield "key.form", repr(answer)
    elif sorted(answer) != sorted(left) or sorted(answer.values()) != sorted(right):
        yield "key.not_the_pairs", repr(answer)
    elif [answer[text] for text in left] == right:
        yield "pairs.not_shuffled", repr(right)


def ordering(_, options, answer):
    if len(options) < 3:
        yield "options.count", f"{len(options)} options"
    yield from distinct(options)
    if not is_texts(answer) or sorted(answer) != sorted(options):
        yield "key.not_the_options", repr(answer)
    elif answer == options:
        yield "ordering.not_shuffled", repr(options)


RULES = {
    "multiple_choice": multiple_choice,
    "multiple_select": multiple_select,
    "true_false": true_false,
    "short_answer": typed,
    "cloze": cloze,
    "numeric": numeric,
    "matching": matching,
    "ordering": ordering,
}


def distinct(options):
    """No two that a reader would take for the same."""
    alike = [" ".join(option.split()).casefold() for option in options]
    if len(set(alike)) != len(alike):
        yield "options.not_distinct", repr(options)


def is_text(value):
    return isinstance(value, str) and value.strip() != ""


def is_texts(value):
    return isinstance(value, list) and all(map(is_text, value))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
