"""What a student does on the page, in the words of the tests."""

import re

from playwright.sync_api import expect

GENERATION_MS = 90_000

PASSAGE = """The water cycle describes how water moves between the ocean, the air and the land. Evaporation turns
liquid water into water vapour when the sun warms the surface of the ocean. Transpiration is the release of water
vapour from the leaves of plants. Condensation forms clouds when rising air cools and its vapour becomes small
droplets. Precipitation is water that falls from clouds as rain, snow or hail. Runoff carries rain over the ground
into streams and rivers. Infiltration lets water sink into the soil, where it becomes groundwater. An aquifer is a
layer of rock that stores groundwater. The ocean holds about 97 percent of all the water on Earth. Glaciers store
most of the fresh water of the planet. A drop of water stays in the air for about nine days before it falls again.
Sublimation turns ice directly into vapour without melting it first. The sun supplies the energy that drives the
whole cycle, and gravity pulls the water back down."""


# Sentences for the kinds of questions that the water cycle has nothing for.
MIXED = f"""{PASSAGE} Mitosis runs through these stages in order: prophase, metaphase, anaphase and telophase.
The list names plants, algae and cyanobacteria as organisms that live from light."""


def send_text(page, text=PASSAGE, types=(), **fields):
    page.get_by_role("radio", name="Text", exact=True).check()
    page.get_by_label("Your text").fill(text)
    send(page, types, **fields)


def send_pdf(page, file, types=(), **fields):
    page.get_by_role("radio", name="PDF", exact=True).check()
    page.locator("#file").set_input_files(file)
    send(page, types, **fields)


def send(page, types=(), **fields):
    for name in types:
        page.get_by_role("checkbox", name=name, exact=True).check()
    for label, value in fields.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Make the quiz").click()


def await_quiz(page):
    """Waits for the end of the generation and gives the number of questions on show."""
    expect(page.get_by_role("heading", name="Your quiz is ready")).to_be_visible(timeout=GENERATION_MS)
    return page.locator(".arrivals li").count()


def make_quiz(page, **fields):
    send_text(page, **fields)
    return await_quiz(page)


def take_quiz(page):
    page.get_by_role("link", name="Take the quiz").click()
    expect(page.get_by_role("button", name="Hand in")).to_be_visible()
    return re.search(r"#quiz/(\w+)", page.url).group(1)


def answer_key(page, quiz_id):
    response = page.request.get(f"/quiz/{quiz_id}?include=answers")
    assert response.ok
    return {question["question"]: question for question in response.json()["questions"]}


def tab_to(page, target):
    """Presses Tab until `target` has the focus, and checks that the focus can be seen."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            assert target.evaluate(SEES_FOCUS), "the focus cannot be seen"
            return
    raise AssertionError(f"Tab does not reach {target}")


SEES_FOCUS = """element => {
    for (const one of [element, element.nextElementSibling, element.parentElement])
        if (one && getComputedStyle(one).outlineStyle !== 'none') return true;
    return false;
}"""


def answer_by_keyboard(page, card, question):
    """Gives the right answer to one question with the keyboard alone."""
    kind, key = question["type"], question["correctAnswer"]
    if kind in ("multiple_choice", "true_false"):
        radios = card.get_by_role("radio")
        tab_to(page, radios.first)
        page.keyboard.press("Space")
        for _ in range(question["options"].index(key)):
            page.keyboard.press("ArrowDown")
        expect(card.get_by_role("radio", name=key, exact=True)).to_be_checked()
    elif kind == "multiple_select":
        for option in question["options"]:
            box = card.get_by_role("checkbox", name=option, exact=True)
            tab_to(page, box)
            if option in key:
                page.keyboard.press("Space")
    elif kind == "matching":
        for left in question["pairs"]["left"]:
            select = card.get_by_label(left, exact=True)
            shown = select.locator("option").all_inner_texts()
            tab_to(page, select)
            page.keyboard.type(next(text for text in shown if text.endswith(key[left])))
            expect(select).to_have_value(key[left])
    elif kind == "ordering":
        order_by_keyboard(page, card, question)
    else:
        box = card.get_by_role("textbox")
        tab_to(page, box)
        page.keyboard.type(f"{key:g}" if kind == "numeric" else key)


def order_by_keyboard(page, card, question):
    shown = card.locator(".order li > span").all_inner_texts()
    moves = []
    for place, item in enumerate(question["correctAnswer"]):
        moves += [item] * (shown.index(item) - place)
        shown.remove(item)
        shown.insert(place, item)
    for item in moves:
        button = card.get_by_role("button", name=f"Move up: {item}", exact=True)
        if not button.evaluate("element => element === document.activeElement"):
            button.focus()
        page.keyboard.press("Enter")
    confirm = card.get_by_role("checkbox", name="This is my order")
    confirm.focus()
    if not confirm.is_checked():
        page.keyboard.press("Space")


def fits(page):
    """Nothing is cut off or makes the page scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def flat(text):
    """The text on one line, as a page breaks lines elsewhere than its source."""
    return " ".join(text.split())
