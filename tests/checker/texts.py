"""What stands in questions that should stand in none, and what stands there twice."""

import re
import unicodedata

LEAKS = {
    "leak.markup": re.compile(r"<\s*/?\s*(script|iframe|object|embed)\b|javascript:|<[^>]*\son\w+\s*=", re.IGNORECASE),
    "leak.fence": re.compile(r"<<<\s*(SOURCE|PAGE|SECTION|END)\b"),
}


def flaws(question, forbidden):
    """Leaks, as (kind, detail). The quote may hold what the document holds."""
    for text in said(question):
        for kind, pattern in LEAKS.items():
            if pattern.search(text):
                yield kind, repr(text)
        for phrase in forbidden:
            if phrase.casefold() in text.casefold():
                yield "leak.forbidden", f"{phrase!r} in {text!r}"
        if any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in text):
            yield "leak.control_character", repr(text)


def said(question):
    """All texts of a question but its quote."""
    texts = [question["question"], question["explanation"], *question["options"], *question.get("accepted", [])]
    answer = question["correctAnswer"]
    if isinstance(answer, str):
        texts.append(answer)
    elif isinstance(answer, dict):
        texts += [*answer, *answer.values()]
    return texts


def repetitions(questions):
    """Ids and questions that are there twice."""
    for kind, of in (("repeated.id", lambda question: question.get("id")), ("repeated.question", asked)):
        seen = set()
        for question in questions:
            text = of(question) if isinstance(question, dict) else None
            if isinstance(text, str):
                if text in seen:
                    yield kind, repr(text)
                seen.add(text)


def asked(question):
    """What a question asks. To put in order or to match says nothing without the things to be put."""
    text = question.get("question")
    if not isinstance(text, str):
        return None
    things = []
    if question.get("type") in ("ordering", "matching"):
        pairs = question.get("pairs") if isinstance(question.get("pairs"), dict) else {}
        for list_ in (question.get("options"), pairs.get("left"), pairs.get("right")):
            things += sorted(str(thing) for thing in list_ or [])
    return letters(text) + "".join("|" + letters(thing) for thing in things)


def letters(text):
    """A text's letters and digits: two questions that differ in nothing else are one."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    # A lone gap or formula must not look like every other.
    return "".join(char for char in plain if unicodedata.category(char)[0] in "LNMS") or plain
