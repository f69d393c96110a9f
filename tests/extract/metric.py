"""How much of a true text was found, word by word."""
import re
import unicodedata
from collections import Counter

# Scripts without spaces between words: every character counts as a word.
UNSPACED = "\u2e80-\u2fdf\u3040-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f"
WORD = re.compile(f"[{UNSPACED}]|[^\\W{UNSPACED}]+")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
PARTED = re.compile(r"(\w)[-\u2010\u2011]\s*\n\s*(?=[^\W\d])")


def words(text):
    """The words in NFKC and lower case, those parted at a line's end put together."""
    text = INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).lower()
    return WORD.findall(PARTED.sub(r"\1", text))


def f1(found, truth):
    """Harmonic mean of precision and recall over the multisets of words."""
    shared = sum((Counter(found) & Counter(truth)).values())
    return 2 * shared / (len(found) + len(truth)) if found and truth else 0.0


def in_order(found, truth):
    """Share of the true words that stand in `found` in their order: longest common subsequence, bit-parallel."""
    if not truth:
        return 0.0
    places = {}
    for place, word in enumerate(truth):
        places[word] = places.get(word, 0) | 1 << place
    every = (1 << len(truth)) - 1
    row = every
    for word in found:
        hits = row & places.get(word, 0)
        row = ((row + hits) | (row - hits)) & every
    return (~row & every).bit_count() / len(truth)
