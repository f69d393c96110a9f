#!/usr/bin/env python3
"""Runs every test of SmartStudy against real servers, fetching what the machine lacks.

Needs Rust and Python 3.9 or newer. Arguments after `--` go to `cargo test`.
"""

import argparse
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import serve
from provide import (
    CACHE,
    Missing,
    find_chromium,
    find_mongod,
    find_promtool,
    find_redis,
    node_modules_with,
    python_with,
    say,
    works,
)
from serve import ANSI, Failed

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
BROWSER_TESTS = TESTS / "browser"
FORMATS = TESTS / "formats"
CLIENT = TESTS / "client"
CHECKER = TESTS / "checker"
DEPLOY = TESTS / "deploy"
SCHEMATHESIS = TESTS / "schemathesis"
OLD_NEST = TESTS / "old" / "nest"
OLD_BEANIE = TESTS / "old" / "beanie"


def loud(command, env=None):
    """Runs a command whose output is for the reader."""
    say("$ " + " ".join(map(str, command)))
    if subprocess.run([str(part) for part in command], cwd=ROOT, env=env).returncode != 0:
        raise Failed


def watched(command, env, read):
    """Runs a command, prints its lines and shows each to `read`."""
    say("$ " + " ".join(map(str, command)))
    with subprocess.Popen(
        [str(part) for part in command], cwd=ROOT, env=env, stdout=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            read(ANSI.sub("", line))
    return process.returncode


# Waits for leases to end and servers to come back, and holds it to a time: the others make way.
BESIDE = "faults"
NICE = ["nice", "-n", "5"]
PROGRAMS = ["smartstudy-api", "smartstudy-worker"]
SERVERS = {"SMARTSTUDY_TEST_MONGOD": find_mongod, "SMARTSTUDY_TEST_REDIS": find_redis}
# A file system in memory, and more than a whole run writes at a time.
MEMORY = Path("/dev/shm")
ROOM = 4 << 30


def write_to_memory(stack):
    """Has temporary files lie in memory if there is room: most tests make a database, of a hundred files."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return
    os.environ["TMPDIR"] = stack.enter_context(tempfile.TemporaryDirectory(prefix="smartstudy-", dir=MEMORY))
    tempfile.tempdir = None


# --- Steps -------------------------------------------------------------------------------------


class Run:
    def __init__(self, require_all, cargo_test_args):
        self.require_all = require_all
        self.cargo_test_args = cargo_test_args
        self.servers = {}
        self.old = {}
        self.passed = self.failed = self.ignored = 0
        self.failed_steps = []
        self.missing = []

    def binary(self, name):
        if "build" in self.failed_steps:
            say("The build failed; what an earlier one left is not worth testing.")
            raise Failed
        binary = Path(self.metadata()["target_directory"]) / "debug" / name
        if not binary.exists():
            say(f"{binary} was not built")
            raise Failed
        return binary

    @functools.cache
    def metadata(self):
        command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
        read = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
        if read.returncode != 0:
            raise Failed
        return json.loads(read.stdout)

    def component(self, subcommand):
        if not works(["cargo", subcommand, "--version"]):
            raise Missing(f"cargo {subcommand}: `rustup component add {subcommand.replace('fmt', 'rustfmt')}`")

    def services(self):
        problems = []
        for variable, find in SERVERS.items():
            try:
                self.servers[variable] = find()
                say(f"  {self.servers[variable]}")
            except Missing as problem:
                problems.append(str(problem))
        if problems:
            raise Missing("\n".join(problems))

    def old_backends(self):
        modules = node_modules_with(OLD_NEST / "package.json")
        folder = modules.parent
        shutil.rmtree(folder / "src", ignore_errors=True)
        shutil.copytree(OLD_NEST / "src", folder / "src")
        shutil.copy(OLD_NEST / "tsconfig.json", folder)
        loud([modules / ".bin" / "tsc", "--project", folder])
        self.old["SMARTSTUDY_TEST_NEST"] = folder / "build" / "main.js"
        self.old["SMARTSTUDY_TEST_BEANIE"] = python_with(OLD_BEANIE / "requirements.txt")

    def fmt(self):
        self.component("fmt")
        loud(["cargo", "fmt", "--all", "--check"])

    def clippy(self):
        self.component("clippy")
        loud(["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])

    def build(self):
        loud(["cargo", "build", "--workspace", *(word for name in PROGRAMS for word in ("--bin", name))])

    def checker(self):
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        loud([sys.executable, CHECKER / "check.py", "--self-test"], env)

    def deploy(self):
        python = python_with(DEPLOY / "requirements.txt")
        say(f"  {find_promtool()}")
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        loud([python, DEPLOY / "check.py", "--self-test"], env)
        loud([python, "-m", "doctest", DEPLOY / "catalogue.py"], env)
        loud([python, DEPLOY / "check.py"], env)

    def images(self):
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        loud([sys.executable, "-m", "doctest", DEPLOY / "build.py"], env)
        loud([sys.executable, DEPLOY / "build.py"], env)

    def test(self):
        env = {name: value for name, value in os.environ.items() if name != "SMARTSTUDY_URL"}
        env.update({name: str(path) for name, path in {**self.servers, **self.old}.items()})
        env["SMARTSTUDY_API_BIN"] = str(self.binary("smartstudy-api"))
        env["SMARTSTUDY_WORKER_BIN"] = str(self.binary("smartstudy-worker"))
        # Most tests wait for their servers most of the time.
        env.setdefault("RUST_TEST_THREADS", str(2 * (os.cpu_count() or 1)))
        command = ["cargo", "test", "--workspace", "--no-fail-fast"]
        if len(self.servers) < len(SERVERS):
            say("Without its servers the suites of tests/ are left out.")
            command += ["--exclude", "smartstudy-tests"]
        with tempfile.TemporaryDirectory(prefix="smartstudy-") as folder:
            env["TMPDIR"] = folder
            if self.cargo_test_args or len(self.servers) < len(SERVERS):
                status = watched(command + self.cargo_test_args, env, self.read_cargo)
            else:
                status = self.all_suites(command, env)
        if status != 0:
            raise Failed

    def all_suites(self, command, env):
        """All suites, with one that mostly waits beside the others; what it prints comes last."""
        loud([*command, "--no-run"], env)
        metrics = Path(env["TMPDIR"], "metrics")
        metrics.mkdir()
        env["SMARTSTUDY_METRICS_SEEN"] = str(metrics)
        targets = [target for package in self.metadata()["packages"] for target in package["targets"]]
        suites = [target["name"] for target in targets if target["kind"] == ["test"] and target["name"] != BESIDE]
        with ThreadPoolExecutor() as pool:
            waiting = [*command, "--test", BESIDE]
            options = {"cwd": ROOT, "env": env, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
            beside = pool.submit(subprocess.run, waiting, errors="replace", check=False, **options)
            others = [*NICE, *command, "--lib", *(word for suite in suites for word in ("--test", suite))]
            status = watched(others, env, self.read_cargo)
            beside = beside.result()
        say("$ " + " ".join(waiting))
        for line in beside.stdout.splitlines():
            say(line)
            self.read_cargo(ANSI.sub("", line))
        if status == beside.returncode == 0:
            loud([sys.executable, DEPLOY / "catalogue.py", metrics])
        return status or beside.returncode

    def read_cargo(self, line):
        found = re.match(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", line)
        if found:
            self.count(*map(int, found.groups()))

    def browser(self):
        if not BROWSER_TESTS.joinpath("requirements.txt").exists():
            raise Missing("tests/browser/requirements.txt")
        chromium, python = find_chromium(), python_with(BROWSER_TESTS / "requirements.txt")
        with serve.embedded(self.binary("smartstudy-api")) as server:
            env = {**os.environ, "SMARTSTUDY_URL": server.url, "CHROMIUM": str(chromium), "PYTHONUNBUFFERED": "1"}
            env["SMARTSTUDY_API_BIN"] = str(self.binary("smartstudy-api"))
            # Neither colours nor a cache in the checkout.
            command = [python, "-m", "pytest", "--color=no", "-p", "no:cacheprovider", BROWSER_TESTS]
            if watched(command, env, self.read_pytest) != 0:
                raise Failed

    def schema(self):
        python = python_with(SCHEMATHESIS / "requirements.txt")
        if len(self.servers) < len(SERVERS):
            raise Missing("MongoDB and Redis, to hold the API over them against its document")
        env = {**os.environ, **{name: str(path) for name, path in self.servers.items()}, "PYTHONUNBUFFERED": "1"}
        env["SMARTSTUDY_API_BIN"] = str(self.binary("smartstudy-api"))
        env["SMARTSTUDY_WORKER_BIN"] = str(self.binary("smartstudy-worker"))
        loud([python, SCHEMATHESIS / "run.py"], env)

    def client(self):
        api = self.binary("smartstudy-api")
        modules = node_modules_with(CLIENT / "package.json")
        folder = modules.parent
        for name in ["smoke.ts", "tsconfig.json"]:
            shutil.copy(CLIENT / name, folder)
        with serve.embedded(api) as server:
            types = ["--output", folder / "api.ts"]
            loud([modules / ".bin" / "openapi-typescript", f"{server.url}/openapi.json", *types])
            loud([modules / ".bin" / "tsc", "--project", folder])
            loud(["node", folder / "build" / "smoke.js", server.url, TESTS / "fixtures" / "pdf" / "lecture.txt"])

    def read_pytest(self, line):
        if not re.fullmatch(r"=* ?(\d+ \w+, )*\d+ \w+ in [\d.]+s.*", line.strip()):
            return
        counts = {word.rstrip("s"): int(number) for number, word in re.findall(r"(\d+) (\w+)", line.split(" in ")[0])}
        passed = counts.get("passed", 0) + counts.get("xpassed", 0)
        failed = counts.get("failed", 0) + counts.get("error", 0)
        self.count(passed, failed, counts.get("skipped", 0) + counts.get("xfailed", 0))

    def formats(self):
        python = python_with(FORMATS / "requirements.txt")
        modules = node_modules_with(FORMATS / "package.json")
        with serve.embedded(self.binary("smartstudy-api")) as server:
            env = {**os.environ, "SMARTSTUDY_URL": server.url, "NODE_MODULES": str(modules), "PYTHONUNBUFFERED": "1"}
            env["PYTHONDONTWRITEBYTECODE"] = "1"
            checks = sorted(FORMATS.glob("check_*.py"))
            failed = [check for check in checks if watched([python, check], env, lambda line: None) != 0]
        self.count(len(checks) - len(failed), len(failed), 0)
        if failed:
            raise Failed

    def count(self, passed, failed, ignored):
        self.passed += passed
        self.failed += failed
        self.ignored += ignored

    def step(self, name):
        say(f"\n=== {name}")
        start = time.monotonic()
        state = "ok"
        try:
            getattr(self, name.replace("-", "_"))()
        except Failed:
            state = "FAILED"
            self.failed_steps.append(name)
        except (Missing, OSError) as problem:
            state = "not run"
            self.missing.append((name, str(problem)))
        say(f"=== {name}: {state} ({time.monotonic() - start:.1f} s)")

    def take_over(self, name, status, output):
        """What a run of one step beside this one came to."""
        output.seek(0)
        said = output.read()
        say(said.split("=== build: ok", 1)[-1].split("\n", 1)[-1])
        counts = re.findall(r"^(\d+) passed, (\d+) failed$", said, re.MULTILINE)
        if counts:
            self.count(*map(int, counts[-1]), 0)
        if status != 0:
            self.failed_steps.append(name)

    def report(self):
        say()
        for name, problem in self.missing:
            say(f"not run: {name}: {problem}")
        if self.missing and self.require_all:
            say("What could not run counts as a failure here.")
        if self.failed_steps:
            say(f"failed steps: {', '.join(self.failed_steps)}")
        if self.ignored:
            say(f"{self.ignored} ignored")
        say(f"{self.passed} passed, {self.failed} failed")
        broken = self.failed_steps or self.failed or (self.missing and self.require_all)
        return 1 if broken else 0


STEPS = {
    "services": "find or fetch MongoDB and Redis",
    "old-backends": "build what stands in for the old backends, with the packages that they used",
    "fmt": "formatting",
    "clippy": "lints, warnings are errors",
    "checker": "what judges finished quizzes, judged itself",
    "build": "the binaries",
    "test": "unit tests and all suites, over real servers and the built binaries",
    "schema": "the API against its own document, on both mixes",
    "browser": "the page in Chromium, over an embedded server",
    "client": "a TypeScript client, generated from the document, against an embedded server",
    "formats": "what leaves for other programs, read by parsers of other makers",
    "deploy": "Dockerfiles, compose file, manifests, alerts and dashboard, held against the pages about them",
    "images": "the build steps of the Dockerfiles, outside Docker",
}
# They mostly wait, for a browser or for a server's answers: what comes after them need not wait for them.
ASIDE = {"schema", "browser"}
# What a step stands on; fast to repeat, so a chosen step never runs against something stale.
NEEDS = {
    "test": ["services", "old-backends", "build"],
    "schema": ["services", "build"],
    "client": ["build"],
    "browser": ["build"],
    "formats": ["build"],
}


def chosen(only):
    wanted = set(only or STEPS)
    for step in only or []:
        wanted.update(NEEDS.get(step, []))
    return [step for step in STEPS if step in wanted]


def main():
    own, rest = sys.argv[1:], []
    if "--" in own:
        rest = own[own.index("--") + 1 :]
        own = own[: own.index("--")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=STEPS, metavar="STEP", help="these steps and what they need")
    parser.add_argument("--list", action="store_true", help="list the steps")
    parser.add_argument("--require-all", action="store_true", help="fail if something cannot run (as with CI set)")
    options = parser.parse_args(own)
    if options.list:
        for name, what in STEPS.items():
            say(f"{name:12} {what}")
        return 0
    sys.stdout.reconfigure(errors="replace")
    CACHE.mkdir(exist_ok=True)
    ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    run = Run(options.require_all or ci, rest)
    steps = chosen(options.only)
    with ExitStack() as stack:
        write_to_memory(stack)
        beside = []
        for name in steps:
            if name in ASIDE and name != steps[-1]:
                command = [sys.executable, __file__, "--only", name, *(["--require-all"] if run.require_all else [])]
                output = stack.enter_context(tempfile.TemporaryFile("w+", errors="replace"))
                process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
                beside.append((name, process, output))
            else:
                run.step(name)
        for name, process, output in beside:
            run.take_over(name, process.wait(), output)
    return run.report()


if __name__ == "__main__":
    sys.exit(main())
