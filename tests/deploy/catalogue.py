"""The metrics that docs/metrics.md promises, and whether they are those that the programs tell."""

import re
import sys
from pathlib import Path

METRICS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
# Of a histogram's parts.
ADDED_LABELS = {"le", "quantile"}


def catalogue():
    """Metrics by name: their type and labels."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\|", METRICS.read_text("utf-8"), re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def told(folder):
    """The same as programs told it at their ends, of the files in a folder with lines `NAME TYPE`, `NAME label LABEL`."""
    kinds, labels = {}, {}
    for path in folder.iterdir():
        for line in path.read_text("utf-8").splitlines():
            name, word, *label = line.split()
            if label:
                labels.setdefault(name, set()).update(set(label) - ADDED_LABELS)
            else:
                kinds[name] = word
    return {name: (kind, labels.get(name, set())) for name, kind in kinds.items()}


def differences(promised, told):
    """What is only promised, only told, or told otherwise.

    >>> list(differences({"a": ("counter", {"x"}), "b": ("gauge", set())}, {"a": ("counter", {"y"}), "c": ("gauge", set())}))
    ['a has the labels y and not x', 'b is told by no program', 'c is not in the table']
    """
    for name in sorted(promised | told):
        if name not in told:
            yield f"{name} is told by no program"
        elif name not in promised:
            yield f"{name} is not in the table"
        else:
            (kind, labels), (other_kind, other_labels) = promised[name], told[name]
            if kind != other_kind:
                yield f"{name} is a {other_kind} and no {kind}"
            if labels != other_labels:
                yield f"{name} has the labels {', '.join(sorted(other_labels))} and not {', '.join(sorted(labels))}"


def main():
    found = list(differences(catalogue(), told(Path(sys.argv[1]))))
    for finding in found:
        print(finding)
    print(f"{len(catalogue())} metrics are promised; {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
