"""Starts the built binaries in either mix of backends, for tests that come from outside."""

import contextlib
import os
import queue
import re
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from provide import say

START_SECONDS = 60
STOP_SECONDS = 30
PASSED_ON = ["PATH", "HOME", "TMPDIR", "LANG", "RUST_BACKTRACE", "RUST_LOG", "LLVM_PROFILE_FILE"]
ANSI = re.compile(r"\x1b\[[0-9;]*m")
SECRET = "a secret of the tests, long enough for production"


class Failed(Exception):
    """A step did not succeed."""


@dataclass
class Server:
    """A running API."""

    url: str
    binary: Path
    folder: Path
    env: dict = field(repr=False)

    @property
    def log(self):
        """What the API has said, mails included that it could not send."""
        return Path(self.folder) / "api.log"

    def promote(self, email):
        """Makes an account an admin, as an operator would."""
        command = [self.binary, "user", "promote", email]
        done = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            say(done.stdout + done.stderr)
            raise Failed


@contextlib.contextmanager
def embedded(api, **more):
    """The API with everything inside, on a port of its own."""
    with tempfile.TemporaryDirectory(prefix="smartstudy-") as folder:
        env = environment(DATA_DIR=f"{folder}/data", **more)
        with running([api], folder, env, listening, "api.log") as url:
            yield Server(url, api, folder, env)


@contextlib.contextmanager
def production(api, worker, mongod, redis, **more):
    """The API and a worker over MongoDB and Redis, all of their own."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="smartstudy-"))
        ports = [free_port(), free_port()]
        store = [mongod, "--dbpath", folder, "--port", str(ports[0]), "--bind_ip", "127.0.0.1"]
        cache = [redis, "--port", str(ports[1]), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        plain = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        stack.enter_context(running(store, folder, plain, lambda line: "Waiting for connections" in line))
        stack.enter_context(running(cache, folder, plain, lambda line: "Ready to accept" in line))
        env = environment(
            MONGODB_URL=f"mongodb://127.0.0.1:{ports[0]}/?directConnection=true",
            REDIS_URL=f"redis://127.0.0.1:{ports[1]}",
            METRICS_PORT="0",
            **more,
        )
        url = stack.enter_context(running([api], folder, env, listening, "api.log"))
        stack.enter_context(running([worker], folder, env, lambda line: "working" in line))
        yield Server(url, api, folder, env)


def environment(**more):
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    env.update(HOST="127.0.0.1", PORT="0", LOG_FORMAT="text", RATE_LIMITS="off", JWT_SECRET=SECRET, BCRYPT_COST="4")
    return {**env, **more}


def listening(line):
    found = re.search(r"listening on (http://[\w.]+:\d+)", line)
    return found and found.group(1)


@contextlib.contextmanager
def running(command, folder, env, ready, file="log"):
    """A program, from when a line of its log is `ready`; gives what `ready` returned. An API must also say so. The log
    goes on into `file`."""
    process = subprocess.Popen(
        [str(part) for part in command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
    )
    log, found = [], queue.Queue()
    reader = threading.Thread(target=read_log, args=(process.stdout, Path(folder) / file, log, ready, found), daemon=True)
    reader.start()
    failed = True
    try:
        said = found.get(timeout=START_SECONDS)
        if said is None or (isinstance(said, str) and not becomes_ready(said, process)):
            raise Failed
        yield said
        failed = False
    except queue.Empty:
        raise Failed from None
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(timeout=5)
        if failed:
            say(f"--- the log of {command[0]}\n" + "".join(log[-400:]) + "---")


def read_log(stream, file, log, ready, found):
    with file.open("w", buffering=1) as copy:
        for line in stream:
            log.append(line)
            copy.write(line)
            said = ready(ANSI.sub("", line)) if found.empty() else None
            if said:
                found.put(said)
    found.put(None)


def becomes_ready(url, process):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(f"{url}/health/ready", timeout=5) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
