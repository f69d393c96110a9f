#!/usr/bin/env python3
"""Holds the running API against its document with schemathesis, on both mixes of backends.

Counts how each operation answered, and fails on what schemathesis finds and on operations that succeeded too seldom.
Without `--full` it is quick, for every change: values at the edges of the schemas, most of all calls, are then tried on
one mix only. With it, it takes its time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import requests  # noqa: E402
import schemathesis  # noqa: E402
import serve  # noqa: E402
from document import mistakes  # noqa: E402
from provide import find_mongod, find_redis, say  # noqa: E402

telling = threading.Lock()
PASSWORD = "correct horse battery"


def account(server, email):
    """A new account; its access token."""
    http = requests.Session()
    http.trust_env = False
    body = {"name": "A Tester", "email": email, "password": PASSWORD}
    http.post(f"{server.url}/auth/register", json=body, timeout=30).raise_for_status()
    if email.startswith("admin"):
        server.promote(email)
    answer = http.post(f"{server.url}/auth/login", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()["accessToken"]


def hold(server, depth, folder):
    """Runs schemathesis; returns its exit code, what it said and how each operation answered."""
    counts = Path(folder) / "counts.json"
    env = {
        **os.environ,
        "SMARTSTUDY_URL": server.url,
        "SMARTSTUDY_EMAIL": "user@example.org",
        "SMARTSTUDY_USER": account(server, "user@example.org"),
        "SMARTSTUDY_ADMIN": account(server, "admin@example.org"),
        "SMARTSTUDY_LOG": str(server.log),
        "SMARTSTUDY_COUNTS": str(counts),
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "PYTHONUNBUFFERED": "1",
    }
    command = [
        Path(sys.executable).with_name("schemathesis"), "--no-color", "--config-file", HERE / "schemathesis.toml",
        # In more than one thread Python's own parser of itself fails now and then (CPython issue 106905).
        "run", f"{server.url}/openapi.json", "--url", server.url, "--workers", "1",
        "--max-examples", depth.examples, "--phases", depth.phases, "--seed", options.seed, *options.rest,
    ]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    done = subprocess.run([str(part) for part in command], cwd=folder, env=env, check=False, **pipes)
    if not counts.exists():
        return 1, done.stdout + "schemathesis counted nothing\n", {}
    return done.returncode, done.stdout, json.loads(counts.read_text())


def repeat(server, document, answers, wanted):
    """Calls what needs neither input nor login, of which there is one request only, until it succeeded often enough."""
    schema = schemathesis.openapi.from_dict(document)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if any(operation.get(part) for part in ("parameters", "requestBody", "security")):
                continue
            counts = Counter(answers.get(f"{method.upper()} {path}", {}))
            right = sum(count for status, count in counts.items() if int(status) < 300)
            for _ in range(wanted - right):
                answer = schema[path][method.upper()].Case().call_and_validate(base_url=server.url)
                counts[str(answer.status_code)] += 1
            answers[f"{method.upper()} {path}"] = counts


def operations(document):
    return [f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item]


def report(answers, wanted):
    """Prints how each operation answered; returns whether all of them succeeded often enough."""
    good = True
    total = 0
    for label in wanted:
        statuses = Counter({int(status): count for status, count in answers.get(label, {}).items()})
        calls, right = sum(statuses.values()), sum(count for status, count in statuses.items() if status < 300)
        total += calls
        rest = " ".join(f"{status}:{count}" for status, count in sorted(statuses.items()) if status >= 300)
        seldom = right < options.successes
        good &= not seldom
        say(f"{'TOO SELDOM' if seldom else '':10} {label:52} {calls:6} calls {right:6} successes   {rest}")
    say(f"{total} calls of {len(wanted)} operations")
    if total < options.calls:
        say(f"Fewer than {options.calls} calls.")
        good = False
    return good


def binary(name):
    target = os.environ.get("CARGO_TARGET_DIR", HERE.parents[1] / "target")
    return Path(os.environ.get(f"SMARTSTUDY_{name.upper()}_BIN", Path(target) / "debug" / f"smartstudy-{name}"))


class Depth(NamedTuple):
    """How deep a mix is looked into."""

    examples: int
    phases: str


# What is held at the same time takes as long as its longest part.
QUICK = {
    "SQLite": [Depth(17, "examples,fuzzing,stateful")],
    "MongoDB and Redis": [Depth(9, "examples,coverage"), Depth(9, "examples,fuzzing,stateful")],
}
FULL = [Depth(200, "examples,coverage,fuzzing,stateful")]


def mixes():
    yield "SQLite", lambda: serve.embedded(binary("api"))
    yield "MongoDB and Redis", lambda: serve.production(binary("api"), binary("worker"), find_mongod(), find_redis())


def look(start, depth):
    """Holds a server of its own against its document; returns that, and what `hold` returns."""
    with tempfile.TemporaryDirectory(prefix="smartstudy-schema-") as folder, start() as server:
        described = requests.get(f"{server.url}/openapi.json", timeout=30).json()
        code, output, answers = hold(server, depth, folder)
        repeat(server, described, answers, options.successes)
        return described, code, output, answers


def check(mix):
    """Holds one mix against its document; returns whether nothing was found."""
    name, start = mix
    began = time.monotonic()
    depths = FULL if options.full else QUICK[name]
    with ThreadPoolExecutor() as pool:
        looks = list(pool.map(lambda depth: look(start, depth), depths))
    # All are held at the same time, and each mix is told of as a whole.
    with telling:
        say(f"--- {name}")
        described, good, answers = looks[0][0], True, {}
        for mistake in mistakes(described):
            say(f"the document: {mistake}")
            good = False
        for _, code, output, answered in looks:
            say(output)
            good &= code == 0
            for label, counts in answered.items():
                answers.setdefault(label, Counter()).update(counts)
        good &= report(answers, operations(described))
        say(f"--- {name}: {'ok' if good else 'FAILED'} ({time.monotonic() - began:.0f} s)")
    return good


def main():
    chosen = [mix for mix in mixes() if not options.only or mix[0].lower().startswith(options.only)]
    with ThreadPoolExecutor() as pool:
        return 0 if all(list(pool.map(check, chosen))) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the long run: 20 successes each, 20,000 calls in all")
    parser.add_argument("--only", choices=["sqlite", "mongodb"], help="one mix")
    parser.add_argument("--seed", default="1", help="of the requests that are made up")
    parser.add_argument("rest", nargs="*", help="options of schemathesis, after --")
    options = parser.parse_args()
    options.successes, options.calls = (20, 20_000) if options.full else (1, 2_000)
    sys.exit(main())
