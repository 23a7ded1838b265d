#!/usr/bin/env python3
"""Thirty detections from raw EVTX to findings, in turn with a rule engine that has them as Sigma rules.

    VENV/bin/python benches/rules.py FOLDER_OF_EVTX --content CONTENT --evtx-dump EVTX_DUMP --rsigma RSIGMA

Every round runs, as whole processes, over the events of the folder joined into one file (`one`, `--mib` large) and over the
folder as it is (`small`):

- `rsigma`: `evtx_dump` into `rsigma engine eval`, both at the same time;
- `store`: `spelunk replay` into an empty store, then `spelunk run` of the thirty over it;
- `again`: only that run, as whoever asks a second question waits for;
- `file`: `spelunk run --data` of the thirty, without a store;
- `all`: `spelunk run` over the store of every detection of CONTENT.

First, what each of the thirty finds is compared: events, of which the detections count several in a row.
"""

import argparse
import json
import os
import shlex
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from many import files
from replay import join_evtx
from shapes import run
from translated import TRANSLATED, sigma_rule


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evtx", help="folder of EVTX files")
    parser.add_argument("--bin", default="target/release/spelunk")
    parser.add_argument("--content", required=True, help="published detections, macros and lookups")
    parser.add_argument("--evtx-dump", default=shutil.which("evtx_dump"))
    parser.add_argument("--rsigma", default=shutil.which("rsigma"))
    parser.add_argument("--mib", type=int, default=128, help="size of the joined file")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    found = {name: path for name, path in files(options.content).items() if name in TRANSLATED}
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        rules, detections = work / "rules", work / "detections"
        rules.mkdir()
        detections.mkdir()
        for name, path in found.items():
            (rules / f"{name}.yml").write_text(sigma_rule(name, TRANSLATED[name]), encoding="utf-8")
            (detections / f"{name}.yml").symlink_to(os.path.abspath(path))
        (work / "one").mkdir()
        join_evtx(options.evtx, work / "one" / "all.evtx", options.mib << 20)
        for shape, folder in (("one", work / "one"), ("small", Path(options.evtx))):
            compare(shape, folder, rules, detections, len(found), work / "home", options)


def compare(shape, folder, rules, detections, number, home, options):
    """Runs the contenders in turn over one folder, and prints what they took."""
    evtx = sorted(folder.rglob("*.evtx"))
    listed = home.with_name("files")
    listed.write_text("".join(f"{path}\n" for path in evtx), encoding="utf-8")
    dump = f"while IFS= read -r f; do {shlex.quote(options.evtx_dump)} -o jsonl \"$f\" 2>/dev/null; done < {shlex.quote(str(listed))}"
    spelunk = [options.bin, "--home", str(home), "--content", options.content, "--quiet", "--format", "ndjson"]
    detecting = shlex.join([*spelunk, "run", str(detections)])
    replaying = shlex.join([*spelunk, "replay", str(folder)])
    contenders = {
        "rsigma": f"{{ {dump}; }} | " + shlex.join([options.rsigma, "engine", "eval", "-r", str(rules), "--no-stats"]),
        "store": f"rm -rf {shlex.quote(str(home))}; {replaying} && {detecting}",
        "again": detecting,
        "file": shlex.join([*spelunk, "--data", str(folder), "run", str(detections)]),
        "all": shlex.join([*spelunk, "run", os.path.join(options.content, "detections")]),
    }
    times = {name: [] for name in contenders}
    for _ in range(options.runs):
        for name, command in contenders.items():
            times[name].append(run(["sh", "-c", command]))
    theirs, ours = matches(times["rsigma"][0][3]), rows(times["store"][0][3])
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name, 0) != ours.get(name, 0):
            print(f"{shape}: {name}: {ours.get(name, 0)} events, rsigma finds {theirs.get(name, 0)}", file=sys.stderr)
    events = json.loads(run([*spelunk, "search", "* | stats count"])[3])["count"]
    every = len(times["all"][0][3].splitlines())
    print(f"\n{shape}: {len(evtx)} files of {sum(path.stat().st_size for path in evtx) / 1e6:.1f} MB, {events} events; "
          f"{sum(ours.values())} found by {len(ours)} of {number} rules\n")
    print("| contender | rules | s | spread | processor s | million events times rules a second |\n|---|---|---|---|---|---|")
    for name, runs in times.items():
        waited = [one[0] for one in runs]
        count = every if name == "all" else number
        print(f"| {name} | {count} | {statistics.median(waited):.2f} | {min(waited):.2f}-{max(waited):.2f} | "
              f"{statistics.median(one[1] for one in runs):.2f} | {events * count / statistics.median(waited) / 1e6:.2f} |")


def matches(text):
    """How many events each rule matched, as the rule engine tells."""
    found = {}
    for line in text.splitlines():
        title = json.loads(line)["rule_title"]
        found[title] = found.get(title, 0) + 1
    return found


def rows(text):
    """How many events each detection found."""
    found = {}
    for line in text.splitlines():
        one = json.loads(line)
        if one.get("rows"):
            found[Path(one["file"]).stem] = sum(int(row.get("count", 1)) for row in one["rows"])
    return found


if __name__ == "__main__":
    main()
