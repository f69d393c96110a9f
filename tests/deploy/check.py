#!/usr/bin/env python3
"""Checks what is deployed and watched: images, compose file, manifests, rules, dashboard, and the pages about them.

Needs the packages of requirements.txt, and `promtool` on PATH (Debian: the package `prometheus`). Prints what it finds;
the exit status is 1 when there is anything, 2 when a tool is missing.
"""

import argparse
import doctest
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import yaml
from catalogue import METRICS, catalogue

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
KUBERNETES = ROOT / "deploy" / "kubernetes"
OPERATIONS = ROOT / "docs" / "operations.md"
CONFIGURATION = ROOT / "docs" / "configuration.md"

# What Prometheus adds to every series.
ADDED_LABELS = {"job", "instance", "le"}
# Kinds that others define, so that no schema of Kubernetes knows them.
FOREIGN = ("kustomize.config.k8s.io/", "keda.sh/")


class Missing(Exception):
    """A tool is not installed."""


# --- Reading -----------------------------------------------------------------------------------


class Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in one place, of which YAML would keep the last."""

    def construct_mapping(self, node, deep=False):
        own = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = {key for key in own if own.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {', '.join(sorted(twice))}", node.start_mark)
        return super().construct_mapping(node, deep)


def documents(path):
    return [document for document in yaml.load_all(path.read_text("utf-8"), Loader) if document]


def named(path):
    return path.relative_to(ROOT)


def run(program, *arguments, cwd=ROOT):
    """What a tool has to complain about; nothing if it is content."""
    found = Path(sys.executable).parent / program
    found = found if found.exists() else shutil.which(program)
    if not found:
        raise Missing(f"{program} is not installed")
    command = [str(found), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return [] if done.returncode == 0 else [f"{program}: {line}" for line in done.stdout.splitlines() if line.strip()]


# --- Expressions -------------------------------------------------------------------------------

WORDS = {"and", "or", "unless", "offset", "bool", "by", "without", "on", "ignoring", "group_left", "group_right"}
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")


def series(expression):
    """Names of the series in a PromQL expression, each with the labels it is chosen by; and labels to group by.

    >>> found = series('sum by (kind) (rate(a_total{x=~"b{1}", y!="c"}[5m])) / on (z) max(b:c) or vector(0) > 1e9')
    >>> found == ([("a_total", {"x", "y"}), ("b:c", set())], {"kind", "z"})
    True
    """
    bare = re.sub(r"\[[^]]*\]", "", re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression))
    groups = {label.strip() for clause in GROUPING.findall(bare) for label in clause.split(",")} - {""}
    bare = GROUPING.sub("", bare)
    found = re.findall(r"(?<![\w.:$])([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})?(?!\s*\(|[\w:{])", bare)
    chosen = [(name, set(re.findall(r"(\w+)\s*[=!]", matchers))) for name, matchers in found if name not in WORDS]
    return sorted(chosen, key=lambda one: one[0]), groups


def base(name, known):
    """The metric that a series or a text means; none if there is no such metric."""
    whole = re.sub(r"_(bucket|sum|count)$", "", name)
    return name if name in known else whole if known.get(whole, ("",))[0] == "histogram" else None


def unknown(expression, known, recorded):
    """What an expression names that is not in the catalogue."""
    chosen, groups = series(expression)
    for name, labels in chosen:
        if name in recorded:
            continue
        metric = base(name, known)
        # A histogram is asked for its parts.
        if metric is None or (metric == name) == (known[metric][0] == "histogram"):
            yield f"{name} is not in {named(METRICS)}"
            continue
        for label in sorted(labels - known[metric][1] - ADDED_LABELS):
            yield f"{name} has no label {label}"
    for label in sorted(groups - set().union(*(own for _, own in known.values())) - ADDED_LABELS):
        yield f"no metric has the label {label}"


# --- Checks ------------------------------------------------------------------------------------


def check_images():
    """the Dockerfiles, by hadolint"""
    return run("hadolint", "Dockerfile.api", "Dockerfile.worker")


def variables():
    text = CONFIGURATION.read_text("utf-8")
    return set(re.findall(r"`([A-Z][A-Z0-9_]+)`", text))


def unknown_variables(names, where):
    known = variables()
    for name in names:
        if name.removesuffix("_FILE") not in known:
            yield f"{where}: {name} is not in {named(CONFIGURATION)}"


def check_compose():
    """compose.yml: confined, scalable, nothing that is not there"""
    (compose,) = documents(ROOT / "compose.yml")
    services, findings = compose["services"], []
    for name, service in services.items():
        volumes = [volume.split(":")[0] for volume in service.get("volumes", [])]
        expected = {
            "its root is read-only": service.get("read_only") is True,
            "it has no capabilities": service.get("cap_drop") == ["ALL"],
            "it gains no privileges": "no-new-privileges:true" in service.get("security_opt", []),
            "it tells its health": "healthcheck" in service or "build" in service,
            "it has no name of its own": "container_name" not in service,
            "its volumes exist": all(
                (ROOT / volume).exists() if volume.startswith(".") else volume in compose["volumes"]
                for volume in volumes
            ),
            "its secrets exist": set(service.get("secrets", [])) <= set(compose["secrets"]),
            "what it waits for exists": set(service.get("depends_on", [])) <= set(services),
        }
        findings += [f"{name}: not so: {what}" for what, holds in expected.items() if not holds]
    for name in ("api", "worker"):
        findings += unknown_variables(services[name]["environment"], name)
    if "ports" in services["worker"]:
        findings.append("worker: a port of the machine, which a second one could not have too")
    return findings


def check_manifests():
    """the manifests, by the schemas of Kubernetes"""
    findings, objects = [], []
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        for manifest in documents(path):
            objects.append(manifest)
            if manifest["apiVersion"].startswith(FOREIGN):
                for resource in manifest.get("resources", []):
                    if not (path.parent / resource).exists():
                        findings.append(f"{named(path)}: there is no {resource}")
                continue
            try:
                kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
            except kubernetes_validate.ValidationError as error:
                findings.append(f"{named(path)}: {manifest['kind']}: {error.message}")
    kinds = {(manifest["kind"], manifest.get("metadata", {}).get("name")): manifest for manifest in objects}
    secrets = set(kinds["Secret", "smartstudy"]["stringData"])
    findings += unknown_variables(secrets | set(kinds["ConfigMap", "smartstudy"]["data"]), "deploy/kubernetes")
    for name in ("api", "worker"):
        pod = kinds["Deployment", name]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        files = {item["path"] for volume in pod["volumes"] for item in volume.get("secret", {}).get("items", [])}
        read = {variable["name"].removesuffix("_FILE") for variable in container["env"]}
        if not files == read <= secrets:
            findings.append(f"{name}: secrets mounted and read differ: {sorted(files ^ read | read - secrets)}")
    return findings


def check_prometheus():
    """configuration, rules and their tests, by promtool"""
    return [
        finding
        for arguments in (
            ("check", "config", "prometheus.yml"),
            ("check", "rules", "rules.yml"),
            ("test", "rules", "rules_test.yml"),
        )
        for finding in run("promtool", *arguments, cwd=MONITORING)
    ]


def rules():
    (read,) = documents(MONITORING / "rules.yml")
    return [rule for group in read["groups"] for rule in group["rules"]]


def panels():
    dashboard = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    return [panel for outer in dashboard["panels"] for panel in [outer, *outer.get("panels", [])]]


def check_dashboard():
    """the dashboard: every panel has an id and a place of its own"""
    findings, ids, taken = [], set(), {}
    for panel in panels():
        title, place = panel["title"], panel["gridPos"]
        if panel["id"] in ids:
            findings.append(f"{title}: its id {panel['id']} is another panel's too")
        ids.add(panel["id"])
        if place["x"] + place["w"] > 24:
            findings.append(f"{title}: wider than the page")
        cells = [(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])]  # fmt: skip
        over = {taken[cell] for cell in cells if cell in taken}
        findings += [f"{title}: over {other}" for other in sorted(over)]
        taken.update(dict.fromkeys(cells, title))
        if panel["type"] != "row" and not panel.get("targets"):
            findings.append(f"{title}: shows nothing")
    return findings


def expressions():
    """Every expression, and where it stands."""
    for rule in rules():
        yield rule["expr"], rule.get("alert") or rule["record"]
    for panel in panels():
        for target in panel.get("targets", []):
            yield target["expr"], f"dashboard, {panel['title']}"
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        for manifest in documents(path):
            if manifest["kind"] == "ScaledObject":
                for trigger in manifest["spec"]["triggers"]:
                    yield trigger["metadata"]["query"], named(path)
    (tests,) = documents(MONITORING / "rules_test.yml")
    for case in tests["tests"]:
        for given in case["input_series"]:
            yield given["series"], f"rules_test.yml, {case['name']}"


def check_metrics():
    """metrics: what is asked for, written about and counted is in the catalogue"""
    known, recorded = catalogue(), {rule["record"] for rule in rules() if "record" in rule}
    findings = [
        f"{where}: {problem}" for expression, where in expressions() for problem in unknown(expression, known, recorded)
    ]
    for page in (METRICS, OPERATIONS):
        written = set(re.findall(r"\bsmartstudy_[a-z0-9_]+", page.read_text("utf-8")))
        findings += [f"{named(page)}: {name} is not in the table" for name in sorted(written) if not base(name, known)]
    for source in sorted(file for folder in ("api", "shared", "worker") for file in (ROOT / folder).rglob("*.rs")):
        text = source.read_text("utf-8")
        for macro, name in re.findall(r"\b(counter|gauge|histogram)!\(\s*\"(\w+)\"", text):
            if known.get(name, (None,))[0] != macro:
                findings.append(f"{named(source)}: {name} is no {macro} of {named(METRICS)}")
    return findings


def anchors(text):
    """Anchors of a page's headings.

    >>> sorted(anchors("# Operations\\n\\n## Redis is lost, or `away`\\n"))
    ['operations', 'redis-is-lost-or-away']
    """
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def sections(text):
    """What stands under each anchor, up to the next heading."""
    parts = re.split(r"^(#+ .+)$", text, flags=re.MULTILINE)[1:]
    return {next(iter(anchors(heading))): body for heading, body in zip(parts[::2], parts[1::2])}


def check_alerts():
    """alerts: each says how bad it is, and its page what it means, how to see it, what to do, and when it is over"""
    known, findings = sections(OPERATIONS.read_text("utf-8")), []
    for rule in rules():
        if "alert" not in rule:
            continue
        name, annotations = rule["alert"], rule.get("annotations", {})
        if rule.get("labels", {}).get("severity") not in ("critical", "warning"):
            findings.append(f"{name}: no severity")
        parts = ("summary", "description", "runbook")
        findings += [f"{name}: no {part}" for part in parts if not annotations.get(part)]
        page, _, anchor = annotations.get("runbook", "").partition("#")
        if page != str(named(OPERATIONS)) or anchor not in known:
            findings.append(f"{name}: {named(OPERATIONS)} has no heading for #{anchor}")
            continue
        parts = ("**Means.**", "**See.**", "**Do.**", "**Over when**")
        findings += [f"{name}: #{anchor} does not say {part}" for part in parts if part not in known[anchor]]
    return findings


def check_yaml():
    """every other YAML file can be read"""
    files = [*ROOT.glob("deploy/monitoring/**/*.yml")]
    return [] if files and all(documents(path) for path in files) else ["a file is empty"]


CHECKS = [
    check_images,
    check_compose,
    check_manifests,
    check_yaml,
    check_prometheus,
    check_dashboard,
    check_metrics,
    check_alerts,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true", help="check the checker")
    options = parser.parse_args()
    if options.self_test:
        return 1 if doctest.testmod().failed else 0

    found, missing = 0, 0
    for check in CHECKS:
        try:
            findings = check()
        except Missing as problem:
            print(f"NOT RUN  {check.__doc__}: {problem}")
            missing += 1
            continue
        except (OSError, ValueError, yaml.YAMLError) as problem:
            findings = [f"cannot be read: {problem}"]
        print(f"{'FAILED' if findings else 'ok':8} {check.__doc__}")
        for finding in findings:
            print(f"    {finding}")
        found += len(findings)
    print(f"{found} findings")
    return 1 if found else 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
