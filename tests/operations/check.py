#!/usr/bin/python3
"""usage: check.py [PORT]

Whether what operators are told is true: the dashboard, the alerts, docs/runbooks.md and
docs/operations.md against the C++ source and the release build. With the first operations PORT of
a Gatehouse that runs, whether its metrics are those, and their labels bounded. Prints each mistake,
and fails if there is one.
"""
import doctest
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
OBSERVABILITY = ROOT / "deploy/observability"
SERVICES = ["gateway", "identity", "cases", "invitation", "notification", "documents"]
# Who signs in all day, and shows whether that works.
WATCH = "deploy/watch/watch"
# Which is nginx with settings of ours.
FRONT = ["deploy/front/nginx.conf", "deploy/front/run"]
# What scraping adds; deploy/observability/scrape.yaml.
SCRAPED = {"job", "service", "namespace", "pod", "instance"}
SERIES_MAX = 1500  # Of a process that has done all that the tests do.

mistakes = []


def check(holds, mistake):
    if not holds:
        mistakes.append(mistake)


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def source():
    """The text of every C++ file but the tests."""
    for path in sorted((ROOT / "services").rglob("*")):
        if path.suffix in {".cpp", ".h"} and "tests" not in path.parts:
            yield path.read_text(encoding="utf-8")


# ---- metrics ----------------------------------------------------------------------------------


def braces(text, start):
    """The text from the brace at `start` to the one that closes it.

    >>> braces('f({{"a", b}, {"c", d}}, 1)', 2)
    '{{"a", b}, {"c", d}}'
    """
    depth = 0
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[start:end + 1]
    raise ValueError("no end")


def metrics_of_source():
    """{name: (kind, labels)}"""
    kinds = {"Count": "counter", "Observe": "histogram", "SetGauge": "gauge"}
    found = {}
    for text in source():
        for match in re.finditer(
                r'\b(Count|Observe|SetGauge)\(\s*"((?:gatehouse|process)_\w+)",\s*', text):
            labels = re.findall(r'\{\s*"(\w+)"\s*,', braces(text, match.end()))
            found[match[2]] = (kinds[match[1]], tuple(labels))
    for name, kind in re.findall(r"# TYPE (gatehouse_\w+) (\w+)$", read(FRONT[0]), re.MULTILINE):
        labels = re.search(rf"^{name}{{(\w+)=", read(FRONT[0]), re.MULTILINE)
        found[name] = (kind, (labels[1],))
    # What its functions write for each step; a metric's kind comes before its lines.
    watch = read(WATCH)
    found["gatehouse_watch_steps_total"] = ("counter", ("step", "outcome"))
    for name in re.findall(r'^ +(?:for name, values in \()?\("(\w+_seconds)", self\.', watch,
                           re.MULTILINE):
        found[f"gatehouse_watch_{name}"] = ("gauge", ("step",))
    return found


def metrics_of_document():
    """The same from the table of docs/operations.md: | `name{label, …}` | kind | …"""
    rows = re.findall(r"^\| `((?:gatehouse|process)_\w+)(?:\{([^}]*)\})?` \| (\w+) \|",
                      read("docs/operations.md"), re.MULTILINE)
    return {name: (kind, tuple(re.findall(r"\w+", labels))) for name, labels, kind in rows}


def check_expression(where, expression, metrics, recorded):
    """Its metrics exist, and have the labels that they are chosen by."""
    for name, chosen in re.findall(r"((?:\w+:)?(?:gatehouse[_:]|\bprocess_)[\w:]+)(?:\{([^}]*)\})?",
                                   expression):
        if name in recorded:
            continue
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        kind, labels = metrics.get(name) or metrics.get(base) or (None, ())
        check(kind, f"{where}: there is no metric {name}")
        known = {*labels, *SCRAPED, *(["le"] if kind == "histogram" else [])}
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", chosen):
            check(label in known, f"{where}: {name} has no label {label}")


# ---- dashboard and alerts ---------------------------------------------------------------------


def expressions_of_dashboard():
    """(title, expression) of each target, with Grafana's variables filled in."""
    dashboard = json.loads((OBSERVABILITY / "dashboard.json").read_text(encoding="utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    check(len(ids) == len(set(ids)), "dashboard: two panels have the same id")
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            check(panel["datasource"]["uid"] == "${datasource}",
                  f"dashboard, {panel['title']}: the data source is no variable")
            expression = target["expr"].replace("$__rate_interval", "5m")
            yield panel["title"], expression.replace("$service", ".*")


def promtool(command, content):
    """What promtool says of a file with this content; it knows PromQL, which we do not."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump(content, file)
        file.flush()
        answer = subprocess.run(["promtool", *command, file.name], capture_output=True, text=True,
                                check=False)
    check(answer.returncode == 0, f"promtool {' '.join(command)}: {answer.stdout}{answer.stderr}")


def check_dashboard(metrics, recorded):
    shown, rules = set(), []
    for title, expression in expressions_of_dashboard():
        check_expression(f"dashboard, {title}", expression, metrics, recorded)
        shown |= set(re.findall(r"(?:gatehouse|process)_\w+", expression))
        rules.append({"record": f"panel:{len(rules)}", "expr": expression})
    promtool(["check", "rules"], {"groups": [{"name": "dashboard", "rules": rules}]})
    for name in metrics:
        check({name, f"{name}_bucket", f"{name}_count"} & shown, f"dashboard: {name} is not shown")


def check_alerts(metrics, rules, recorded):
    tests = (OBSERVABILITY / "alerts.test.yaml").read_text(encoding="utf-8")
    headings = re.findall(r"^## (\w+)$", read("docs/runbooks.md"), re.MULTILINE)
    names = [rule["alert"] for rule in rules if "alert" in rule]
    check(headings == names, "docs/runbooks.md: not the alerts in their order: "
          f"{sorted(set(headings) ^ set(names)) or 'another order'}")
    for rule in rules:
        name = rule.get("alert") or rule["record"]
        check_expression(f"alerts, {name}", rule["expr"], metrics, recorded)
        if "alert" not in rule:
            continue
        check(rule["labels"].get("severity") in {"critical", "warning"}, f"{name}: no severity")
        check({"summary", "description"} <= set(rule["annotations"]), f"{name}: says too little")
        check(rule["annotations"].get("runbook_url") == f"docs/runbooks.md#{name.lower()}",
              f"{name}: runbook_url is another one's")
        check(re.search(rf"value: 1, labels: '{{alertname=\"{name}\"", tests),
              f"alerts.test.yaml: {name} never fires")


def check_scrape():
    """Debian's promtool is built without Kubernetes: the rest of the file it can check."""
    scrape = yaml.safe_load((OBSERVABILITY / "scrape.yaml").read_text(encoding="utf-8"))
    for job in scrape["scrape_configs"]:
        del job["kubernetes_sd_configs"]
        job["static_configs"] = [{"targets": ["localhost:9100"]}]
    promtool(["check", "config"], scrape)


# ---- settings ---------------------------------------------------------------------------------


def settings_of_source():
    """Named as they are, or by the service whose address is asked for: one, or each of a list."""
    names = set()
    for text in source():
        names |= set(re.findall(r'"(GATEHOUSE_[A-Z0-9_]*[A-Z0-9])"', text))
        asked = re.findall(r'AddressOf\(environment, "(\w+)"\)', text)
        if "AddressOf(environment, name)" in text:
            asked += [name for name in SERVICES if name != "gateway"]  # All that have routes.
        names |= {f"GATEHOUSE_{service.upper()}_ADDRESS" for service in asked}
    for path in FRONT:
        names |= set(re.findall(r"\$\{(GATEHOUSE_[A-Z0-9_]+)", read(path)))
    return names


def processes(text):
    """Who reads a setting, as the table of docs/operations.md writes it.

    >>> sorted(processes('all but gateway, cases'))
    ['documents', 'identity', 'invitation', 'notification']
    """
    named = {name for name in SERVICES if name in text}
    return set(SERVICES) - named if text.startswith("all") else named


def settings_of_document():
    """{name: (processes, default)} from the rows | `GATEHOUSE_…` | processes | default | …"""
    rows = re.findall(r"^\| `(GATEHOUSE_[A-Z0-9_]+)` \| ([^|]*) \| ([^|]*) \|",
                      read("docs/operations.md"), re.MULTILINE)
    return {name: (processes(who), default) for name, who, default in rows}


def required_by(service):
    """What the process says that it misses when it is given nothing."""
    binary = ROOT / f"build/release/services/{service}/gatehouse-{service}"
    answer = subprocess.run([binary], env={}, capture_output=True, text=True, check=False,
                            timeout=10)
    return set(re.findall(r"^  (GATEHOUSE_[A-Z0-9_]+) is not set", answer.stderr, re.MULTILINE))


def check_settings():
    known, told = settings_of_source(), settings_of_document()
    check(known == set(told), f"docs/operations.md: settings differ: {known ^ set(told)}")
    named = set(re.findall(r"GATEHOUSE_[A-Z0-9_]*[A-Z0-9]", read("docs/operations.md")))
    strange = {name for name in named if not {name, name.removesuffix("_FILE")} & known}
    check(not strange, f"docs/operations.md speaks of settings that nobody reads: {strange}")
    for service in SERVICES:
        required = {name for name, (who, default) in told.items()
                    if service in who and default == "required"}
        wanted = required_by(service)
        check(required == wanted, f"{service}: docs/operations.md and the process do not agree on "
              f"what is required: {sorted(required ^ wanted)}")


def check_events():
    """Each event of the log is in the table, and no other one: | `event`, … | level | fields |"""
    known, told = set(), set()
    for text in source():
        for first_argument in re.findall(
                r"\b(?:Log(?:Info|Warning|Error)\)?|log)\(([^,;{]*)[,;]", text):
            known |= set(re.findall(r'"([a-z_.]+)"', first_argument))
    known |= set(re.findall(r'"event":"([a-z_.]+)"', read(FRONT[0])))
    known |= set(re.findall(r'\blog\("([a-z_.]+)"', read(WATCH)))
    section = read("docs/operations.md").split("### Logs")[1].split("###")[0]
    for row in re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE):
        told |= set(re.findall(r"`([a-z_.]+)`", row))
    check(known == told, f"docs/operations.md: events of the log differ: {sorted(known ^ told)}")


def check_what_is_seen():
    """The table of how faults are told apart: | what | alerts | lines | panels |, all known."""
    section = read("docs/operations.md").split("### What you see")[1].split("\n#")[0]
    rows = re.findall(r"^\| (?!-|what)([^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", section,
                      re.MULTILINE)
    check(len(rows) >= 10, "docs/operations.md: what you see is not a table")
    alerts = re.findall(r"alert: (\w+)", (OBSERVABILITY / "alerts.yaml").read_text("utf-8"))
    dashboard = json.loads((OBSERVABILITY / "dashboard.json").read_text("utf-8"))
    panels = {panel["title"] for panel in dashboard["panels"]}
    events = read("docs/operations.md").split("### Logs")[1].split("###")[0]
    for what, named, lines, shown in rows:
        check(re.search(r"Gatehouse|none", named) and "*" in shown, f"{what}: is not seen")
        for name in re.findall(r"Gatehouse\w+", named):
            check(name in alerts, f"{what}: there is no alert {name}")
        for line in re.findall(r"`([a-z_.]+)`", lines):
            check(f"`{line}`" in events, f"{what}: there is no line {line}")
        for panel in re.findall(r"\*([^*]+)\*", shown):
            check(panel in panels, f"{what}: there is no panel {panel}")


def check_links():
    """Anchors and files that the two documents link to."""
    for document in ("docs/operations.md", "docs/runbooks.md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", read(document)):
            path, _, anchor = target.partition("#")
            file = ROOT / "docs" / path if path else ROOT / document
            check(file.exists(), f"{document}: {path} is not there")
            if anchor and file.suffix == ".md" and file.exists():
                text = file.read_text(encoding="utf-8")
                anchors = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
                           for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)]
                check(anchor in anchors, f"{document}: {target} leads nowhere")
    for path in re.findall(r"`((?:tests|services|deploy)/[\w./-]+)`", read("docs/operations.md")):
        check((ROOT / path).exists(), f"docs/operations.md: {path} is not there")


# ---- a Gatehouse that runs --------------------------------------------------------------------


def check_running(first_port):
    """Each series of each process is one of ours, and no label's value is somebody's id."""
    metrics = metrics_of_source()
    for port in range(first_port, first_port + len(SERVICES)):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            series = [line for line in answer.read().decode().splitlines()
                      if not line.startswith("#")]
        check(0 < len(series) < SERIES_MAX, f"port {port}: {len(series)} series")
        for line in series:
            name, labels = re.fullmatch(r"(\w+)(?:\{(.*)\})? \S+", line).groups()
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            _, known = metrics.get(name) or metrics.get(base) or (None, ())
            pairs = re.findall(r'(\w+)="([^"]*)"', labels or "")
            check({label for label, _ in pairs} == {*known, *(["le"] if "_bucket" in name else [])},
                  f"port {port}: not in docs/operations.md: {line}")
            for label, value in pairs:
                check(not re.search(r"ops-|deal-1|_01|@|\+44", value),
                      f"port {port}: {name}'s {label} is {value}")


def main():
    os.chdir(ROOT)
    check(doctest.testmod().failed == 0, "check.py itself is broken: see above")
    if len(sys.argv) > 1:
        check_running(int(sys.argv[1]))
    else:
        metrics = metrics_of_source()
        told = metrics_of_document()
        check(metrics == told, "docs/operations.md: metrics differ: "
              f"{sorted(set(metrics.items()) ^ set(told.items()))}")
        alerts = yaml.safe_load((OBSERVABILITY / "alerts.yaml").read_text(encoding="utf-8"))
        rules = [rule for group in alerts["groups"] for rule in group["rules"]]
        recorded = {rule["record"] for rule in rules if "record" in rule}
        check_dashboard(metrics, recorded)
        check_alerts(metrics, rules, recorded)
        check_scrape()
        check_settings()
        check_events()
        check_what_is_seen()
        check_links()
    print("\n".join(mistakes) or "all of it holds")
    sys.exit(1 if mistakes else 0)


if __name__ == "__main__":
    main()
