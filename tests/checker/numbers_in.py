"""The numbers that a text may mean."""

import math
import re
import unicodedata

# What parts groups of thousands, besides the comma and the full stop.
GROUPERS = " \u00a0\u2009\u202f'’"
RUN = re.compile(rf"\d(?:[\d.,٫٬{GROUPERS}]*\d)?")
DECIMAL = re.compile(r"\d+(?:\.\d+)?")

# Zero to twenty in the languages of the tests.
WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty
cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte
zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf vingt
null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig
zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete dezoito dezenove vinte
ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать двадцать
صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة
零 一 二 三 四 五 六 七 八 九 十
"""
FORMS = {1: "una une ein eine einer einem einen eines uma одна одно", 2: "duas две двух", 0: "nul"}
VALUES = {}
for line in WORDS.strip().splitlines():
    for value, word in enumerate(line.split()):
        VALUES.setdefault(word, set()).add(value)
for value, forms in FORMS.items():
    for word in forms.split():
        VALUES.setdefault(word, set()).add(value)


def holds(text, number):
    """Whether `number` stands in `text`, in digits or, when it is small, in words."""
    return any(math.isclose(number, value, rel_tol=1e-9, abs_tol=1e-12) for value in values(text))


def values(text):
    found = set()
    # Digits of every script become those of ASCII.
    plain = "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in text)
    for run in RUN.finditer(plain):
        before = plain[max(run.start() - 1, 0) : run.start()]
        sign = -1 if before in ("-", "−") and before else 1
        for value in readings(run.group()):
            found |= {value, sign * value}
    for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)?", text.lower()):
        found |= VALUES.get(word, set())
    for char in text:
        found |= {value for value in VALUES.get(char, set()) if not char.isascii()}
    return found


def readings(run):
    """What digits with marks between them may mean: 1.234 is a thousand to some, and 1, 234 two numbers."""
    runs = {run, *re.split(rf"[{GROUPERS}]+", run), *re.split(r"[.,٫٬]\s+", run)}
    for text in runs:
        text = text.strip(".,٫٬" + GROUPERS)
        bare = re.sub(rf"[{GROUPERS}]", "", text)
        for grouping, point in ((",٬", ".٫"), (".", ",٫")):
            plain = re.sub(f"[{grouping}]", "", bare)
            plain = re.sub(f"[{point}]", ".", plain)
            if DECIMAL.fullmatch(plain):
                yield float(plain)
