#!/usr/bin/env python3
"""All published detections of the data model Endpoint.Processes over the same Parquet files, against DuckDB.

    cargo run --release --example generate -- --rows 10000000 --out DIR
    VENV/bin/python benches/many.py --data DIR --content CONTENT [--runs 3]

CONTENT is a folder in the layout of Splunk's published content. Every round runs, in turns, as whole processes:

- `all`: `spelunk run` of every detection that asks for `datamodel=Endpoint.Processes`;
- `one`: `spelunk run` of the detection of remote WMI alone;
- `duckdb`: the thirty detections of translated.py, as SQL, one after the other in one process that has the
  files open; its time is scaled to the number of detections in `all`.

The thirty are first run by both and their numbers of rows compared. With `--separately`, `all` is also run with each
detection reading the data alone. Other detections than those that end well are counted and named.
"""

import argparse
import json
import os
import re
import statistics
import sys
import tempfile

from shapes import run
from translated import TRANSLATED


DUCKDB = """
import duckdb, json, sys
c = duckdb.connect()
c.execute("SET enable_progress_bar = false")
c.execute("CREATE VIEW p AS SELECT * FROM read_parquet('%s/Endpoint.Processes/*.parquet')")
there = {column[0] for column in c.execute("DESCRIBE p").fetchall()}
counts = {}
for name, (by, where) in json.load(sys.stdin).items():
    by = ", ".join('"%%s"' %% field for field in by if field in there)
    counts[name] = len(c.execute(f"SELECT {by}, count(*), min(_time), max(_time) FROM p WHERE {where} GROUP BY ALL").fetchall())
json.dump(counts, sys.stdout)
"""


def files(content):
    """The detections that ask for the data model, by their file's name."""
    found = {}
    for folder, _, names in os.walk(os.path.join(content, "detections")):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(".yml") and re.search(r'datamodel ?= ?"?Endpoint\.Processes', open(path, encoding="utf-8").read()):
                found[name[:-4]] = path
    return found


def keys(path):
    """The fields by which a detection groups first."""
    text = re.sub(r"\s+", " ", open(path, encoding="utf-8").read())
    by = re.search(r"\bby ((?:Processes\.\w+[ ,]*)+)", text, re.IGNORECASE).group(1)
    return re.findall(r"Processes\.(\w+)", by)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="target/release/spelunk")
    parser.add_argument("--data", required=True, help="what the generator wrote")
    parser.add_argument("--content", required=True, help="published detections, macros and lookups")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--separately", action="store_true")
    parser.add_argument("--without", nargs="*", default=[], help="detections that are left out, by their file's name")
    options = parser.parse_args()
    found = {name: path for name, path in files(options.content).items() if name not in options.without}
    translated = {name: asked for name, asked in TRANSLATED.items() if name in found}
    data = os.path.abspath(options.data)
    with tempfile.TemporaryDirectory() as work:
        all_of_them, some = os.path.join(work, "all"), os.path.join(work, "some")
        for folder, names in ((all_of_them, found), (some, translated)):
            os.mkdir(folder)
            for name in names:
                os.symlink(os.path.abspath(found[name]), os.path.join(folder, f"{name}.yml"))
        spelunk = [options.bin, "--home", os.path.join(work, "home"), "--content", options.content, "--quiet",
                   "--model", f"Endpoint.Processes={data}/Endpoint.Processes", "--format", "ndjson", "run"]
        sql = json.dumps({name: (keys(found[name]), asked.sql()) for name, asked in translated.items()})
        duckdb = [sys.executable, "-c", DUCKDB % data]
        theirs = json.loads(run(duckdb, sql)[3])
        ours = [json.loads(line) for line in run([*spelunk, some])[3].splitlines()]
        ours = {os.path.basename(one["file"])[:-4]: len(one["rows"]) for one in ours}
        for name in translated:
            if ours[name] != theirs[name]:
                print(f"{name}: {ours[name]} rows, DuckDB finds {theirs[name]}", file=sys.stderr)
        contenders = {
            "all": ([*spelunk, all_of_them], ""),
            "one": ([*spelunk, found["remote_process_instantiation_via_wmi"]], ""),
            "duckdb": (duckdb, sql),
        }
        if options.separately:
            contenders["separately"] = ([*spelunk, "--separately", all_of_them], "")
        times = {name: [] for name in contenders}
        for _ in range(options.runs):
            for name, (command, given) in contenders.items():
                times[name].append(run(command, given))
        ended = [json.loads(line) for line in times["all"][0][3].splitlines()]
        report(times, ended, len(found), len(translated))


def report(times, ended, number, translated):
    kinds = {kind: [one["name"] for one in ended if one["status"] == kind] for kind in ("rows", "empty", "refused", "error")}
    print(f"{number} detections: " + ", ".join(f"{len(names)} {kind}" for kind, names in kinds.items()))
    for name in kinds["refused"] + kinds["error"]:
        print(f"- not run to the end: {name}")
    print("\n| contender | s | spread | processor s | MiB |\n|---|---|---|---|---|")
    for name, runs in times.items():
        waited, computed = [one[0] for one in runs], [one[1] for one in runs]
        print(f"| {name} | {statistics.median(waited):.2f} | {min(waited):.2f}-{max(waited):.2f} | "
              f"{statistics.median(computed):.2f} | {max(one[2] for one in runs):.0f} |")

    def ratio(ours, theirs, what, scale=1.0):
        found = [a[what] / (b[what] * scale) for a, b in zip(times[ours], times[theirs])]
        return f"{statistics.median(found):.3f} ({min(found):.3f}-{max(found):.3f})"

    scale = number / translated
    print("\n| ratio | waited | processor |\n|---|---|---|")
    print(f"| all / one | {ratio('all', 'one', 0)} | {ratio('all', 'one', 1)} |")
    print(f"| all / duckdb scaled by {scale:.2f} | {ratio('all', 'duckdb', 0, scale)} | {ratio('all', 'duckdb', 1, scale)} |")
    if "separately" in times:
        print(f"| all / separately | {ratio('all', 'separately', 0)} | {ratio('all', 'separately', 1)} |")


if __name__ == "__main__":
    main()
