#!/usr/bin/env python3
"""Writes COUNT copies of PDFs with some bytes changed at random: the same for the same SEED and files.

usage: flip.py OUT COUNT SEED FILE…
"""
import pathlib
import random
import sys


def flipped(data, pick):
    """`data` with 1 to 64 changes: a bit turned, a byte replaced, a stretch cut out, doubled or blanked."""
    data = bytearray(data)
    for _ in range(pick.choice([1, 2, 4, 16, 64])):
        at = pick.randrange(len(data))
        stretch = slice(at, at + pick.choice([1, 8, 256]))
        match pick.randrange(8):
            case 0:
                del data[stretch]
            case 1:
                data[at:at] = data[stretch]
            case 2:
                data[stretch] = bytes(len(data[stretch]))
            case 3:
                data[at] = pick.randrange(256)
            case 4:
                data[stretch] = str(pick.choice([0, -1, 2**31 - 1, 2**63])).encode()
            case _:
                data[at] ^= 1 << pick.randrange(8)
        if not data:
            data = bytearray(b"%PDF-1.7")
    return bytes(data)


def write(out, count, seed, files):
    pick = random.Random(seed)
    files = sorted(files)
    for number in range(count):
        source = files[number % len(files)]
        (out / f"flip_{number:03}_{source.stem}.pdf").write_bytes(flipped(source.read_bytes(), pick))


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, int(sys.argv[2]), int(sys.argv[3]), [pathlib.Path(name) for name in sys.argv[4:]])
