"""Whether the text proves a question. Offsets count Unicode characters."""

import unicodedata

import numbers_in

# Scripts that part words by spaces and hang nothing on them, so that half a word is no answer.
SPACED = ("LATIN", "CYRILLIC", "GREEK", "DIGIT")


def flaws(question, pages):
    """What the text does not prove, as (kind, detail). The question must be well-formed."""
    source = question["source"]
    text = page_text(pages, source.get("page"))
    if text is None:
        yield "proof.page", f"there is no page {source.get('page')!r}"
        return
    quote = source["quote"]
    if not quote.strip():
        yield "proof.blank_quote", repr(quote)
    elif not source["start"] < source["end"] <= len(text):
        yield "proof.offsets", f"{source['start']}..{source['end']} of {len(text)}"
    elif text[source["start"] : source["end"]] != quote:
        yield "proof.quote", f"{quote!r} is not {text[source['start'] : source['end']]!r}"
    yield from answered(question, quote)


def answered(question, quote):
    answer = question["correctAnswer"]
    if question["type"] in ("short_answer", "cloze"):
        if fold(answer) not in fold(quote):
            yield "proof.answer", f"{answer!r} does not stand in {quote!r}"
        elif not has_words(fold(quote), fold(answer)):
            yield "proof.answer_inside_word", f"{answer!r} is part of a word in {quote!r}"
    if question["type"] == "numeric" and not numbers_in.holds(quote, answer):
        yield "proof.number", f"{answer!r} does not stand in {quote!r}"


def page_text(pages, number):
    found = [page["text"] for page in pages if page.get("number") == number]
    return found[0] if len(found) == 1 else None


def fold(text):
    """Without case, accents and differences of white space."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())


def has_words(text, words):
    """Whether `words` stands in `text` with no letter glued to either end."""
    at = text.find(words)
    while words and at >= 0:
        before, after = text[at - 1 : at], text[at + len(words) : at + len(words) + 1]
        if not (glued(before, words[0]) or glued(words[-1], after)):
            return True
        at = text.find(words, at + 1)
    return False


def glued(left, right):
    return spaced_letter(left) and spaced_letter(right)


def spaced_letter(char):
    return char.isalnum() and unicodedata.name(char, "").startswith(SPACED)
