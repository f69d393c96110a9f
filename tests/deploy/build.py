#!/usr/bin/env python3
"""Runs the build steps of the Dockerfiles where there is no Docker: the same commands on the same files, in a folder of
their own, with the profile `dev`. What they would put into the image goes into that folder too.

What was built of the dependencies before is taken along, and tells nothing about the steps. Prints what each image would
get, and how large it is.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# On the file system of the build, so that what was built before can be linked.
FOLDER = ROOT / "target" / "images"
STAGE = "build"
PROFILE = "dev"
INTO_IMAGE = "/usr/local/bin/"


def instructions(text):
    """A Dockerfile's instructions in their order, each with what follows its name.

    >>> list(instructions("# a\\nFROM x AS build\\nRUN one \\\\\\n # why\\n && two\\n\\nCOPY a b\\n"))
    [('FROM', 'x AS build'), ('RUN', 'one  && two'), ('COPY', 'a b')]
    """
    bare = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\\n", "", bare).splitlines():
        name, _, rest = line.strip().partition(" ")
        if name:
            yield name.upper(), rest.strip()


def steps(dockerfile):
    """The instructions of the stage that builds."""
    inside = False
    for name, rest in instructions(dockerfile.read_text("utf-8")):
        if name == "FROM":
            inside = rest.upper().endswith(f" AS {STAGE.upper()}")
        elif inside:
            yield name, rest


def ignored():
    lines = (ROOT / ".dockerignore").read_text("utf-8").split()
    return shutil.ignore_patterns(*(line.removeprefix("**/") for line in lines))


def copy(sources, target, folder):
    """What COPY does: a folder's contents go into the target, files too if it ends with a slash."""
    for source in map(ROOT.joinpath, sources):
        place = folder / target
        if source.is_dir():
            shutil.copytree(source, place, ignore=ignored(), dirs_exist_ok=True)
        else:
            place = place / source.name if target.endswith("/") else place
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, place)


def link_built(before, folder):
    """Dependencies that were built before."""
    for part in ("deps", "build", ".fingerprint"):
        built = before / "target" / "debug" / part
        if built.exists():
            shutil.copytree(built, folder / "target" / "debug" / part, copy_function=os.link)


def folder_of(dockerfile):
    return FOLDER / dockerfile.suffix[1:]


def build(dockerfile, before):
    folder, image = folder_of(dockerfile), FOLDER / "bin" / dockerfile.suffix[1:]
    for made in (folder, image):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
    link_built(before, folder)
    environment = {**os.environ, "PROFILE": PROFILE}
    environment.pop("CARGO_TARGET_DIR", None)
    for name, rest in steps(dockerfile):
        if name == "COPY":
            *sources, target = rest.split()
            copy(sources, target, folder)
        elif name == "RUN":
            start = time.monotonic()
            command = rest.replace(INTO_IMAGE, f"{image}/")
            if subprocess.run(["/bin/sh", "-c", command], cwd=folder, env=environment).returncode != 0:
                return [f"{dockerfile.name}: RUN {rest[:100]} … failed"]
            print(f"{dockerfile.name}: a step took {time.monotonic() - start:.0f} s", flush=True)
        elif name not in ("ARG", "WORKDIR"):
            return [f"{dockerfile.name}: {name} is not known here"]
    return finished(dockerfile, image)


def finished(dockerfile, image):
    """Whether there is the one program that the image begins with, and it runs."""
    wanted = dict(instructions(dockerfile.read_text("utf-8")))["ENTRYPOINT"].strip('[]"')
    found = sorted(path.name for path in image.iterdir())
    if found != [wanted]:
        return [f"{dockerfile.name}: the image would hold {found}, and begin with {wanted}"]
    said = subprocess.run([image / wanted, "--version"], stdout=subprocess.PIPE, text=True, check=False)
    if said.returncode != 0:
        return [f"{dockerfile.name}: {wanted} --version ends with {said.returncode}"]
    print(f"{dockerfile.name}: {said.stdout.strip()}, {(image / wanted).stat().st_size / 2**20:.0f} MiB ({PROFILE})")
    return []


def main():
    dockerfiles = [ROOT / f"Dockerfile.{name}" for name in ("api", "worker")]
    # Each takes along what the one before built.
    places = [ROOT, *map(folder_of, dockerfiles)]
    findings = [finding for pair in zip(dockerfiles, places) for finding in build(*pair)]
    for folder in map(folder_of, dockerfiles):
        shutil.rmtree(folder, ignore_errors=True)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
