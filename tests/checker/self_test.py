"""Questions of which each breaks one rule: all must be found, and nothing in those that break none."""

import copy

PAGES = [
    {"number": 1, "text": "Naïve 🦀 crabs: water boils at 100 °C. Le CAFÉ fume. In 1,234 years twelve towns fell, −5 °C."},
    {"number": 3, "text": "First the seed, then the shoot, last the leaf. The heart is an organ; the femur is a bone."},
]


def question(kind, quote, page=1, **members):
    text = next(one["text"] for one in PAGES if one["number"] == page)
    start = text.index(quote)
    made = {
        "id": kind,
        "question": f"A question of the type {kind}?",
        "type": kind,
        "options": [],
        "difficulty": "easy",
        "points": 1.0,
        "source": {"page": page, "start": start, "end": start + len(quote), "quote": quote},
        "explanation": "",
    }
    made.update(members)
    return made


BOILS = "water boils at 100 °C."
GROWS = "First the seed, then the shoot, last the leaf."
IS = "The heart is an organ; the femur is a bone."
GOOD = [
    question("multiple_choice", BOILS, options=["1 °C", "100 °C", "2 °C", "3 °C"], correctAnswer="100 °C", bloom="apply"),
    question("multiple_select", GROWS, 3, options=["seed", "shoot", "stone"], correctAnswer=["shoot", "seed"]),
    question("true_false", BOILS, options=["True", "False"], correctAnswer="True"),
    question("short_answer", "Le CAFÉ fume.", correctAnswer="cafe", accepted=["coffee"]),
    question("cloze", BOILS, question="Water _____ at 100 °C.", correctAnswer="boils"),
    question("numeric", "In 1,234 years", correctAnswer=1234, tolerance=0.5),
    question("matching", IS, 3, pairs={"left": ["heart", "femur"], "right": ["bone", "organ"]},
             correctAnswer={"heart": "organ", "femur": "bone"}),
    question("ordering", GROWS, 3, options=["leaf", "seed", "shoot"], correctAnswer=["seed", "shoot", "leaf"]),
]  # fmt: skip


def changed(kind, **members):
    """The good question of a type with other members; those that are `...` are left out."""
    made = copy.deepcopy(next(good for good in GOOD if good["type"] == kind))
    made.update(members)
    return {name: value for name, value in made.items() if value is not ...}


def moved(kind, **members):
    return changed(kind, source={**next(good for good in GOOD if good["type"] == kind)["source"], **members})


CHOICE, TYPED = "multiple_choice", "short_answer"
BAD = [
    ("schema.question", "a text"),
    ("schema.missing", changed(CHOICE, explanation=...)),
    ("schema.missing", changed(CHOICE, correctAnswer=...)),
    ("schema.missing", changed(CHOICE, source=...)),
    ("schema.unknown", changed(CHOICE, answer="100 °C")),
    ("schema.null", changed(CHOICE, bloom=None)),
    ("schema.type", changed(CHOICE, type="essay")),
    ("schema.type", changed(CHOICE, type=["multiple_choice"])),
    ("schema.id", changed(CHOICE, id=7)),
    ("schema.question", changed(CHOICE, question=" ")),
    ("schema.explanation", changed(CHOICE, explanation=["why"])),
    ("schema.options", changed(CHOICE, options=["1 °C", "100 °C", "2 °C", 3])),
    ("schema.options", changed(CHOICE, options=["1 °C", "100 °C", "2 °C", ""])),
    ("schema.options", changed(CHOICE, options="100 °C")),
    ("schema.difficulty", changed(CHOICE, difficulty="brutal")),
    ("schema.bloom", changed(CHOICE, bloom="guess")),
    ("schema.points", changed(CHOICE, points="1")),
    ("schema.points", changed(CHOICE, points=True)),
    ("schema.points", changed(CHOICE, points=0)),
    ("schema.source", moved(CHOICE, page="1")),
    ("schema.source", moved(CHOICE, start=-1)),
    ("schema.source", moved(CHOICE, end=1.5)),
    ("schema.source", moved(CHOICE, text="more")),
    ("schema.source", moved(CHOICE, quote=None)),
    ("schema.accepted", changed(CHOICE, accepted=["100"])),
    ("schema.accepted", changed(TYPED, accepted="coffee")),
    ("schema.tolerance", changed(CHOICE, tolerance=1)),
    ("schema.tolerance", changed("numeric", tolerance=-1)),
    ("schema.pairs", changed(CHOICE, pairs={"left": [], "right": []})),
    ("options.count", changed(CHOICE, options=["1 °C", "100 °C", "2 °C"])),
    ("options.count", changed(CHOICE, options=["1 °C", "100 °C", "2 °C", "3 °C", "4 °C"])),
    ("options.not_distinct", changed(CHOICE, options=["1 °C", "100 °C", "2 °C", "2  °c"])),
    ("key.not_an_option", changed(CHOICE, correctAnswer="4 °C")),
    ("key.not_an_option", changed(CHOICE, correctAnswer=["100 °C"])),
    ("options.count", changed("multiple_select", options=["seed", "shoot"])),
    ("options.not_distinct", changed("multiple_select", options=["seed", "shoot", "Seed"])),
    ("key.form", changed("multiple_select", correctAnswer=[])),
    ("key.form", changed("multiple_select", correctAnswer="seed")),
    ("key.form", changed("multiple_select", correctAnswer=["seed", "seed"])),
    ("key.not_an_option", changed("multiple_select", correctAnswer=["seed", "leaf"])),
    ("options.true_false", changed("true_false", options=[])),
    ("options.true_false", changed("true_false", options=["False", "True"])),
    ("key.not_an_option", changed("true_false", correctAnswer=True)),
    ("key.not_an_option", changed("true_false", correctAnswer="Maybe")),
    ("options.count", changed(TYPED, options=["café"])),
    ("key.form", changed(TYPED, correctAnswer=" ")),
    ("key.form", changed(TYPED, correctAnswer=["cafe"])),
    ("cloze.gap", changed("cloze", question="Water boils at 100 °C.")),
    ("cloze.gap", changed("cloze", question="_____ boils at _____.")),
    ("cloze.gap", changed("cloze", question="Water ______ at 100 °C.")),
    ("options.count", changed("numeric", options=["1234"])),
    ("key.form", changed("numeric", correctAnswer="1234")),
    ("key.form", changed("numeric", correctAnswer=float("nan"))),
    ("pairs.form", changed("matching", pairs=...)),
    ("pairs.form", changed("matching", pairs={"left": ["heart", "femur"]})),
    ("pairs.count", changed("matching", pairs={"left": ["heart", "femur"], "right": ["bone"]})),
    ("options.count", changed("matching", options=["bone", "organ"])),
    ("options.not_distinct", changed("matching", pairs={"left": ["heart", "Heart"], "right": ["bone", "organ"]})),
    ("key.form", changed("matching", correctAnswer=["bone", "organ"])),
    ("key.not_the_pairs", changed("matching", correctAnswer={"heart": "organ", "femur": "organ"})),
    ("pairs.not_shuffled", changed("matching", pairs={"left": ["heart", "femur"], "right": ["organ", "bone"]})),
    ("options.count", changed("ordering", options=["leaf", "seed"], correctAnswer=["seed", "leaf"])),
    ("key.not_the_options", changed("ordering", correctAnswer=["seed", "shoot"])),
    ("ordering.not_shuffled", changed("ordering", options=["seed", "shoot", "leaf"])),
    ("proof.page", moved(CHOICE, page=2)),
    ("proof.blank_quote", moved(CHOICE, start=5, end=6, quote=" ")),
    ("proof.offsets", moved(CHOICE, end=1000)),
    ("proof.offsets", moved(CHOICE, start=30, end=30)),
    ("proof.quote", moved(CHOICE, quote="water freezes at 100 °C.")),
    # Offsets in bytes and in UTF-16 units, which differ from characters on this page.
    ("proof.quote", moved(CHOICE, start=20, end=43)),
    ("proof.quote", moved(CHOICE, start=16, end=38)),
    ("proof.answer", changed(TYPED, correctAnswer="thé")),
    ("proof.answer", changed("cloze", correctAnswer="freezes")),
    ("proof.answer_inside_word", changed("cloze", correctAnswer="oil")),
    ("proof.number", changed("numeric", correctAnswer=123)),
    ("proof.number", changed("numeric", correctAnswer=12345)),
    ("leak.markup", changed(CHOICE, question="Which?<SCRIPT src=//evil.example>")),
    ("leak.markup", changed(CHOICE, explanation="<img src=x onerror=alert(1)>")),
    ("leak.markup", changed(TYPED, accepted=["javascript:alert(1)"])),
    ("leak.fence", changed(CHOICE, question="What is <<<PAGE 1 0123456789abcdef?")),
    ("leak.forbidden", changed(CHOICE, question="Who sells at cheap.example?")),
    ("leak.control_character", changed(CHOICE, question="Which\x07?")),
]

NUMBERS = [
    ("1,234 towns", 1234), ("1.234 towns", 1234), ("1.234 towns", 1.234), ("3,5 km", 3.5), ("12 345 678", 12345678),
    ("1’234’567.5", 1234567.5), ("٣٫٥ كم", 3.5), ("−5 °C", -5), ("from 10-20", 20), ("twelve towns", 12), ("in 1914, 4 m", 4),
    ("三个", 3), ("sechzehn", 16), ("0.5 %", 0.5), ("10^6", 6), ("１２", 12), ("a 2.", 2), ("vingt", 20), ("两 2", 2),
]  # fmt: skip
NOT_NUMBERS = [("1,234 towns", 234), ("1.234", 1), ("12", 1), ("no number", 0), ("sixty", 6), ("Twelfth", 12), ("5 °C", -5)]


def run(violations):
    """Prints what is wrong with the checker; 1 when something is."""
    from numbers_in import holds

    problems = []
    found = violations({"pages": PAGES, "questions": GOOD, "asked": {"count": 8}, "forbidden": ["cheap.example"]})
    problems += [f"found in good questions: {violation}" for violation in found]
    for kind, bad in BAD:
        found = violations({"pages": PAGES, "questions": [bad], "forbidden": ["cheap.example"]})
        if kind not in {found_kind for found_kind, _, _ in found}:
            problems.append(f"{kind} not found in {bad}: {found}")
    twice = [changed(CHOICE), changed(CHOICE, question="a QUESTION, of the type multiple_choice")]
    pairs = [
        ("repeated.id", {"questions": twice}),
        ("repeated.question", {"questions": twice}),
        ("asked.count", {"questions": GOOD, "asked": {"count": 7}}),
        ("asked.type", {"questions": GOOD, "asked": {"types": ["cloze"]}}),
        ("schema.questions", {"questions": {"id": "q1"}}),
    ]
    for kind, case in pairs:
        if kind not in {found_kind for found_kind, _, _ in violations({"pages": PAGES, **case})}:
            problems.append(f"{kind} not found")
    problems += [f"{number} not found in {text!r}" for text, number in NUMBERS if not holds(text, number)]
    problems += [f"{number} found in {text!r}" for text, number in NOT_NUMBERS if holds(text, number)]
    unproven = {kind for kind, _ in BAD} | {kind for kind, _ in pairs}
    for problem in problems:
        print(problem)
    cases = len(BAD) + len(pairs) + len(NUMBERS) + len(NOT_NUMBERS)
    print(f"{cases} cases over {len(unproven)} kinds of violation, {len(problems)} problems")
    return 1 if problems else 0
