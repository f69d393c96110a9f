"""Who sends each request, what its ids name, and how it was answered.

Schemathesis makes up most of a request. Here the ids in it become those of real resources, so that what is behind a
route is reached and not only its 404; and what would lock the run out (logging out, deactivating the account) is done
to accounts of its own.
"""

import atexit
import json
import os
import random
import threading
from collections import Counter, defaultdict
from pathlib import Path

import schemathesis
from resources import People, Pool
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation as Place

# How many of the requests that are right by their schema are the document's example, so that every operation succeeds
# often enough; the others are made up.
AS_THE_EXAMPLE = 0.35

people = People(os.environ["SMARTSTUDY_URL"], os.environ["SMARTSTUDY_USER"], os.environ["SMARTSTUDY_ADMIN"])
pool = Pool(people)
answers = defaultdict(Counter)
lock = threading.Lock()


@schemathesis.auth(refresh_interval=None)
class Login:
    def get(self, case, context):
        return people.token_for(label(case))

    def set(self, case, data, context):
        if data and case.operation.definition.raw.get("security"):
            case.headers = case.headers or {}
            case.headers["Authorization"] = f"Bearer {data}"


def label(case):
    return f"{case.operation.method.upper()} {case.operation.path}"


def is_ours(case, place):
    """Whether this part of the request may be changed: it is not what was made to break the schema."""
    if case.meta is None or case.meta.generation.mode.is_positive:
        return True
    wrong = {at for at in case.meta.components if case.meta.is_negative_at(at)}
    return bool(wrong) and place not in wrong


@schemathesis.hook
def filter_case(context, case):
    """A form sends an empty value for what was left blank, so that it counts as none and breaks no schema."""
    return "" not in (case.query or {}).values()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.path_parameters and is_ours(case, Place.PATH):
        pool.fill_path(label(case), case.path_parameters)
    if case.headers and is_ours(case, Place.HEADER):
        mend_headers(case.headers)
    body = case.operation.definition.raw.get("requestBody")
    if body and case.body is not NOT_SET and is_ours(case, Place.BODY):
        content = body["content"].get(case.media_type, {})
        if "example" in content and random.random() < AS_THE_EXAMPLE:
            case.body = json.loads(json.dumps(content["example"]))
        case.body = pool.fill_body(label(case), case.media_type, case.body)


def mend_headers(headers):
    """Most requests ask for no condition and are no repetition."""
    if random.random() < 0.8:
        headers.pop("If-Match", None)
        if "Idempotency-Key" in headers:
            headers["Idempotency-Key"] = f"key-{next(people.numbers)}"


@schemathesis.hook
def after_call(context, case, response):
    with lock:
        answers[label(case)][response.status_code] += 1
    people.after(label(case), case.path_parameters, response.status_code)


@atexit.register
def report():
    Path(os.environ["SMARTSTUDY_COUNTS"]).write_text(json.dumps(answers))
