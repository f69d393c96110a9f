#!/usr/bin/env python3
"""Reads every export of a quiz full of awkward texts with a parser of its format, over the running server in
SMARTSTUDY_URL: Moodle XML with lxml and moodle_xml_parser, GIFT with gift-pegjs (in NODE_MODULES), Anki's text with
Anki itself, CSV and HTML with readers of those."""

import csv
import html
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import lxml.html
from anki.collection import Collection, ImportCsvRequest
from lxml import etree
from moodle_xml_parser.parser import parse_bytes

URL = os.environ["SMARTSTUDY_URL"]
NODE_MODULES = os.environ["NODE_MODULES"]
LECTURE = Path(__file__).resolve().parents[1] / "fixtures" / "pdf" / "lecture.txt"
SIGNS = 'a "quoted" \'one\', {brace} =eq ~tilde #hash :colon: \\back \\n ]]> <b>bold</b> <!-- x --> &amp; 100% *'
MORE = "[html] -> arrow {{c1::x}} {1:SHORTANSWER:=x} [sound:x.mp3] \\(x\\) // 🦀 שלום العربية 数学"
# What each format could take for a sign of its own at the beginning.
STARTS = ["=1+1", "[html]x", "%50%x", "//x", "#x", "@x", "-x", "::x::", "$CATEGORY: x", "~x", "<script>alert(1)</script>"]


def call(method, path, body=None, token=None):
    request = urllib.request.Request(URL + path, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Prefer", "wait=100")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=150) as answer:
        return answer.read(), answer.headers


def told(*arguments):
    return json.loads(call(*arguments)[0])


def awkward(name):
    return f"{name} {SIGNS}\n{name} {MORE}"


def questions():
    choices = [
        {
            "question": start + "\n" + awkward(f"choice {number}"),
            "options": [start, SIGNS, "-> " + MORE, "plain"],
            "correctAnswer": [start, SIGNS, "plain"][number % 3],
            "points": 2.5,
            "explanation": start + awkward("because"),
        }
        for number, start in enumerate(STARTS)
    ]
    typed = [
        {"type": "short_answer", "question": awkward("short"), "correctAnswer": start, "accepted": ["-> " + SIGNS]}
        for start in STARTS
    ]
    return choices + typed + [
        {
            "type": "multiple_select", "question": awkward("select"), "options": [*STARTS[:3], SIGNS, MORE],
            "correctAnswer": [STARTS[0], SIGNS, MORE], "explanation": "three of five",
        },
        {"type": "true_false", "question": awkward("true"), "correctAnswer": "False", "explanation": awkward("no")},
        {
            "type": "cloze", "question": f"{SIGNS} _____ {MORE}", "correctAnswer": "ga}p #1 ~ *", "accepted": ["<gap>"],
            "points": 3,
        },
        {"type": "cloze", "question": "// it ends with a _____", "correctAnswer": "gap"},
        {"type": "numeric", "question": awkward("number"), "correctAnswer": -3.5, "tolerance": 0.25},
        {"type": "numeric", "question": "large", "correctAnswer": 1e21},
        {
            "type": "matching", "question": awkward("match"),
            "correctAnswer": {"[a] -> b = c": "~1 -> :2", "<i>d</i>": "#e {f}", MORE: SIGNS},
        },
        {"type": "ordering", "question": awkward("order"), "correctAnswer": ["=first", "->second", SIGNS, "[html]"]},
    ]


def make_quiz(token):
    text = LECTURE.read_text()[:3000]
    quiz = told("POST", "/quiz/generate", {"inputMethod": "text", "textContent": text, "questionCount": 1}, token)
    # The first question keeps its source, and with it a quote.
    edit = {"title": "Cells :: \"1/2\" ünd ]]> mehr", "topic": "Bio -- logy", "questions": [{"id": quiz["questions"][0]["id"]}, *questions()]}
    return told("PUT", f"/quiz/{quiz['id']}?include=answers", edit, token)


def squeezed(text):
    return " ".join(text.split())


def flat(markup):
    """The text that HTML shows, without needless space."""
    return squeezed(lxml.html.fromstring(f"<div>{markup.replace('<br>', ' ')}</div>").text_content())


def export(quiz, token, format, media, extension):
    raw, headers = call("GET", f"/quiz/{quiz['id']}/export?format={format}", None, token)
    assert headers["Content-Type"].split(";")[0] == media, headers["Content-Type"]
    disposition = headers["Content-Disposition"]
    assert f'filename="cells-1-2-nd-mehr.{extension}"' in disposition, disposition
    assert "filename*=UTF-8''Cells%20" in disposition and "\n" not in disposition, disposition
    return raw


# --- Moodle ------------------------------------------------------------------------------------

# Shares of a grade that Moodle accepts, in percent.
SHARES = {100, 50, 33.33333, 25, 20, 16.66667, 14.28571, 12.5, 11.11111, 10, 0}


def check_moodle(quiz, raw):
    root = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
    assert root.tag == "quiz"
    items = [item for item in root.findall("question") if item.get("type") != "category"]
    assert root.find("question/category/text").text.startswith("$course$/top/Cells :: \"1//2\"")
    assert len(items) == len(quiz["questions"])
    kinds = {
        "multiple_choice": "multichoice", "multiple_select": "multichoice", "true_false": "truefalse", "cloze": "cloze",
        "short_answer": "shortanswer", "numeric": "numerical", "matching": "matching", "ordering": "ordering",
    }
    for item, question in zip(items, quiz["questions"]):
        kind, right = question["type"], question["correctAnswer"]
        assert item.get("type") == kinds[kind], question
        assert item.findtext("name/text") and item.find("questiontext").get("format") == "html"
        assert float(item.findtext("defaultgrade")) == question["points"]
        assert [tag.text for tag in item.findall("tags/tag/text")] == [quiz["topic"]]
        if kind != "cloze":
            assert flat(item.findtext("questiontext/text")) == squeezed(question["question"]), question
        if question["explanation"]:
            assert flat(item.findtext("generalfeedback/text")).startswith(squeezed(question["explanation"])), question
        answers = [(float(answer.get("fraction")), answer.findtext("text")) for answer in item.findall("answer")]
        if kind in ("multiple_choice", "multiple_select"):
            assert {abs(share) for share, _ in answers} <= SHARES, answers
            assert [flat(text) for _, text in answers] == [squeezed(option) for option in question["options"]]
            keys = right if isinstance(right, list) else [right]
            assert [share > 0 for share, _ in answers] == [option in keys for option in question["options"]]
            assert abs(sum(share for share, _ in answers if share > 0) - 100) < 0.001
            assert item.findtext("single") == ("true" if kind == "multiple_choice" else "false")
        elif kind == "true_false":
            assert dict((text, share) for share, text in answers) == {"true": 0, "false": 100}
        elif kind == "short_answer":
            wanted = [squeezed(text).replace("*", "\\*") for text in [right, *question.get("accepted", [])]]
            assert answers == [(100, text) for text in wanted], answers
        elif kind == "numeric":
            assert float(answers[0][1]) == right and float(item.findtext("answer/tolerance")) == question.get("tolerance", 0)
        elif kind == "matching":
            pairs = {flat(pair.findtext("text")): pair.findtext("answer/text") for pair in item.findall("subquestion")}
            assert pairs == {squeezed(left): text for left, text in right.items()}, pairs
        elif kind == "ordering":
            assert [(share, flat(text)) for share, text in answers] == [(at + 1, squeezed(text)) for at, text in enumerate(right)]
    with_moodle_xml_parser(quiz, raw)


def with_moodle_xml_parser(quiz, raw):
    found = parse_bytes(raw)
    choices = [question for question in quiz["questions"] if question["type"].startswith("multiple_")]
    assert len(found["multichoice"]) == len(choices)
    for item, question in zip(found["multichoice"], choices):
        wanted = [squeezed(option) for option in question["options"]]
        assert [squeezed(option.answer) for option in item.options] == wanted, item
        assert item.default_grade == question["points"]
    clozes = [question for question in quiz["questions"] if question["type"] == "cloze"]
    assert len(found["cloze"]) == len(clozes)
    raw_items = etree.fromstring(raw).findall("question[@type='cloze']")
    for item, question in zip(raw_items, clozes):
        text = item.findtext("questiontext/text")
        # As Moodle finds gaps: by kind, up to a brace that nothing escapes.
        gaps = re.findall(r"\{(\d+):SHORTANSWER:((?:\\.|[^\\}])*)\}", text)
        assert len(gaps) == 1, text
        weight, inside = gaps[0]
        assert int(weight) == question["points"]
        answers = [html.unescape(re.sub(r"\\(.)", r"\1", part)[1:]) for part in re.split(r"(?<!\\)~", inside)]
        assert answers == [question["correctAnswer"], *question.get("accepted", [])], answers
        around = re.sub(r"\{\d+:SHORTANSWER:(?:\\.|[^\\}])*\}", "_____", text)
        assert flat(around) == squeezed(question["question"]), around


# --- GIFT --------------------------------------------------------------------------------------

PARSE = """
const parser = require(process.argv[1]);
const text = require("fs").readFileSync(0, "utf8");
process.stdout.write(JSON.stringify(parser.parse(text)));
"""


def check_gift(quiz, raw):
    read = subprocess.run(
        ["node", "-e", PARSE, str(Path(NODE_MODULES) / "gift-pegjs")], input=raw, stdout=subprocess.PIPE, check=True
    )
    found = json.loads(read.stdout)
    assert found[0]["type"] == "Category"
    items = found[1:]
    assert len(items) == len(quiz["questions"])
    kinds = {
        "multiple_choice": "MC", "multiple_select": "MC", "true_false": "TF", "short_answer": "Short", "cloze": "Short",
        "numeric": "Numerical", "matching": "Matching", "ordering": "Matching",
    }
    # Right sides of pairs keep the parser's own marks.
    marks = {"&&092;": "\\", "&&058;": ":", "&&035;": "#", "&&061;": "=", "&&123;": "{", "&&125;": "}", "&&126;": "~"}
    for item, question in zip(items, quiz["questions"]):
        kind, right = question["type"], question["correctAnswer"]
        assert item["type"] == kinds[kind], (item, question)
        assert item["stem"]["format"] == "html"
        assert flat(item["stem"]["text"]) == squeezed(question["question"]), (item, question)
        assert item["id"] and item["tags"] == [quiz["topic"]]
        if question["explanation"]:
            assert flat(item["globalFeedback"]["text"]).startswith(squeezed(question["explanation"])), item
        if kind in ("multiple_choice", "multiple_select"):
            assert [flat(choice["text"]["text"]) for choice in item["choices"]] == [squeezed(o) for o in question["options"]]
            keys = right if isinstance(right, list) else [right]
            marked = [choice["isCorrect"] or (choice["weight"] or 0) > 0 for choice in item["choices"]]
            assert marked == [option in keys for option in question["options"]], item
        elif kind == "true_false":
            assert item["isTrue"] is (right == "True")
        elif kind in ("short_answer", "cloze"):
            wanted = [squeezed(text).replace("->", "→").replace("*", "\\*") for text in [right, *question.get("accepted", [])]]
            given = [choice["text"] for choice in item["choices"]]
            # Unlike Moodle it looks for a format in typed answers as well.
            given = [("[html]" if text["text"] == "x" and right == "[html]x" else "") + text["text"] for text in given]
            assert given == wanted, (given, wanted)
        elif kind == "numeric":
            assert item["choices"]["number"] == right and item["choices"]["range"] == question.get("tolerance", 0), item
        else:
            pairs = []
            for pair in item["matchPairs"]:
                answer = pair["subanswer"]
                for mark, sign in marks.items():
                    answer = answer.replace(mark, sign)
                pairs.append((flat(pair["subquestion"]["text"]), answer))
            wanted = right.items() if kind == "matching" else [(f"{at + 1}.", text) for at, text in enumerate(right)]
            assert pairs == [(squeezed(left), squeezed(text)) for left, text in wanted], pairs


# --- Anki --------------------------------------------------------------------------------------


def check_anki(quiz, raw):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "quiz.txt"
        file.write_bytes(raw)
        collection = Collection(str(Path(folder) / "collection.anki2"))
        try:
            for _ in range(2):
                # The second time it finds what it has.
                metadata = collection.get_csv_metadata(str(file), None)
                assert metadata.is_html and metadata.tags_column == 5 and metadata.guid_column == 1
                collection.import_csv(ImportCsvRequest(path=str(file), metadata=metadata))
            notes = [collection.get_note(note) for note in collection.find_notes("")]
            assert len(notes) == len(quiz["questions"]), len(notes)
            by_guid = {note.guid: note for note in notes}
            for question in quiz["questions"]:
                note = by_guid[f"{quiz['id']}-{question['id']}"]
                check_note(collection, quiz, question, note)
        finally:
            collection.close()


def check_note(collection, quiz, question, note):
    kind, right = question["type"], question["correctAnswer"]
    cards = note.cards()
    assert len(cards) == 1, (question, len(cards))
    assert collection.decks.name(cards[0].did).startswith("Cells : : ”1/2”"), collection.decks.name(cards[0].did)
    assert note.tags == sorted(["Bio_--_logy", kind], key=str.lower) or set(note.tags) == {"Bio_--_logy", kind}, note.tags
    front, back = note.fields
    shown = flat(front)
    if kind == "cloze":
        assert note.note_type()["name"] == "Cloze"
        (answer,) = re.findall(r"\{\{c1::(.*?)\}\}", front)
        typed = [right, *question.get("accepted", [])]
        assert html.unescape(answer) == " / ".join(typed), answer
        assert flat(re.sub(r"\{\{c1::.*?\}\}", "_____", front)) == squeezed(question["question"])
        question_side = flat(cards[0].question())
        assert "[...]" in question_side, question_side
        return
    assert note.note_type()["name"] == "Basic"
    assert shown.startswith(squeezed(question["question"])), (shown, question)
    for option in question["options"]:
        assert squeezed(option) in shown, (option, shown)
    answer = flat(back)
    texts = {"multiple_select": right, "ordering": right}.get(kind, [right] if isinstance(right, str) else [])
    for text in texts:
        assert squeezed(text) in answer, (text, answer)
    if kind == "matching":
        for left, text in right.items():
            assert f"{squeezed(left)} → {squeezed(text)}" in answer, answer
    # Neither sounds nor formulas were found in the texts.
    assert not cards[0].question_av_tags() and not cards[0].answer_av_tags()


# --- CSV ---------------------------------------------------------------------------------------


def unguarded(cell):
    return cell[1:] if cell.startswith("'") and cell[1:2] in tuple("=+-@\t\n ") else cell


def check_csv(quiz, raw):
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    assert len(rows) == len(quiz["questions"])
    for row, question in zip(rows, quiz["questions"]):
        for name, cell in row.items():
            number = re.fullmatch(r"-?\d+(\.\d+)?", cell)
            assert number or not cell.lstrip().startswith(("=", "+", "-", "@")), (name, cell)
        assert (row["id"], row["type"]) == (question["id"], question["type"])
        assert unguarded(row["question"]) == question["question"]
        options = [row[f"option{at + 1}"] for at in range(len(question["options"]))]
        assert [unguarded(option) for option in options] == question["options"]
        right = unguarded(row["correctAnswer"])
        wanted = question["correctAnswer"]
        assert (right if isinstance(wanted, str) else json.loads(right)) == wanted, (right, wanted)
        assert json.loads(row["accepted"] or "[]") == question.get("accepted", [])
        assert float(row["points"]) == question["points"]
        assert unguarded(row["explanation"]) == question["explanation"]
        assert unguarded(row["quote"]) == question.get("source", {}).get("quote", "")
    assert rows[0]["quote"], "the first question has a quote"


# --- HTML --------------------------------------------------------------------------------------


def check_html(quiz, raw):
    page = lxml.html.document_fromstring(raw.decode())
    assert page.findtext("head/title") == quiz["title"]
    assert not page.findall(".//script") and not page.findall(".//b"), "texts stay texts"
    asked, keyed = page.findall(".//ol[@class='questions']")
    assert len(asked.findall("li")) == len(keyed.findall("li")) == len(quiz["questions"])
    for item, key, question in zip(asked.findall("li"), keyed.findall("li"), quiz["questions"]):
        assert squeezed(item.find("div[@class='text']").text_content()) == squeezed(question["question"])
        shown = squeezed(item.text_content())
        for option in question["options"]:
            assert squeezed(option) in shown, option
        right = question["correctAnswer"]
        texts = [right] if isinstance(right, str) else right if isinstance(right, list) else []
        for text in texts:
            assert squeezed(text) in squeezed(key.text_content()), (text, key.text_content())
        assert squeezed(question["explanation"]) in squeezed(key.text_content())


def main():
    token = told("POST", "/auth/guest")["accessToken"]
    quiz = make_quiz(token)
    for format, media, extension, check in [
        ("moodle-xml", "application/xml", "xml", check_moodle),
        ("gift", "text/plain", "gift", check_gift),
        ("anki", "text/plain", "txt", check_anki),
        ("csv", "text/csv", "csv", check_csv),
        ("html", "text/html", "html", check_html),
    ]:
        raw = export(quiz, token, format, media, extension)
        folder = os.environ.get("KEEP_EXPORTS")
        if folder:
            Path(folder, f"quiz.{extension}").write_bytes(raw)
        check(quiz, raw)
        print(f"{format}: {len(quiz['questions'])} questions, {len(raw)} bytes")


if __name__ == "__main__":
    sys.exit(main())
