#!/usr/bin/env python3
"""Ten common shapes of a search, and the WMI detection, against DuckDB and Polars on the same Parquet files.

    cargo run --release --example generate -- --rows 10000000 --out DIR
    python3 -m venv VENV && VENV/bin/pip install -r benches/requirements.txt
    VENV/bin/python benches/shapes.py --bin target/release/spelunk --data DIR [--runs 5] [shape ...]

Every run is a whole process, started anew: reading, computing and writing the rows as NDJSON. The peers take turns, so
that whatever else the machine does hits all of them. Results are compared before anything is timed. Figures are ratios
within a round (below 1: spelunk is faster), of the time waited and of the processor time (user and system), which other
work on the machine disturbs less: their median, and the least and greatest of them. MiB is the most that spelunk held.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

# The detection as it is published, its macros written out.
WMI = (
    "| tstats summariesonly=false count min(_time) as firstTime max(_time) as lastTime from datamodel=Endpoint.Processes "
    'where (Processes.process_name=wmic.exe OR Processes.original_file_name=wmic.exe) '
    '(Processes.process="*/node:*" AND Processes.process="*process*" AND Processes.process="*call*" AND '
    'Processes.process="*create*") by Processes.dest Processes.user Processes.parent_process_name '
    "Processes.process_name Processes.process Processes.process_id Processes.parent_process_id"
)

WMI_SQL = (
    "SELECT dest, \"user\", parent_process_name, process_name, process, process_id, parent_process_id, count(*), "
    "min(_time), max(_time) FROM p WHERE (process_name ILIKE 'wmic.exe' OR original_file_name ILIKE 'wmic.exe') "
    "AND process ILIKE '%/node:%' AND process ILIKE '%process%' AND process ILIKE '%call%' AND process ILIKE '%create%' "
    "GROUP BY ALL"
)

WMI_POLARS = """
p.filter((pl.col('process_name').str.contains('(?i)^wmic\\\\.exe$') | pl.col('original_file_name').str.contains('(?i)^wmic\\\\.exe$'))
    & pl.all_horizontal([pl.col('process').str.contains('(?i)' + x) for x in ['/node:', 'process', 'call', 'create']])
).group_by(['dest','user','parent_process_name','process_name','process','process_id','parent_process_id']
).agg(pl.len(), pl.col('_time').min().alias('a'), pl.col('_time').max().alias('b')).collect(engine='streaming')
"""

# name: (SPL, SQL over the table p, an expression over the lazy frame p), the latter two where there is one. What
# `tstats` can say reads the rows of the data model, the rest reads the files as events.
SHAPES = {
    "wmi": (WMI, WMI_SQL, WMI_POLARS),
    "filter": (
        'search index=* process_name=powershell.exe process="*-encodedcommand*" | table _time dest user process',
        "SELECT _time, dest, \"user\", process FROM p WHERE process_name ILIKE 'powershell.exe' AND process ILIKE '%-encodedcommand%' ORDER BY _time DESC",
        "p.filter(pl.col('process_name').str.to_lowercase() == 'powershell.exe', pl.col('process').str.contains('(?i)-encodedcommand')).select('_time','dest','user','process').sort('_time', descending=True).collect(engine='streaming')",
    ),
    "stats-1": (
        "| tstats count from datamodel=Endpoint.Processes by Processes.process_name",
        "SELECT process_name, count(*) FROM p GROUP BY 1 ORDER BY 1",
        "p.group_by('process_name').len().sort('process_name').collect(engine='streaming')",
    ),
    "stats-3": (
        "| tstats count from datamodel=Endpoint.Processes by Processes.dest Processes.user Processes.process_name",
        "SELECT dest, \"user\", process_name, count(*) FROM p GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        "p.group_by('dest','user','process_name').len().sort('dest','user','process_name').collect(engine='streaming')",
    ),
    "dc": (
        "| tstats dc(Processes.process) AS commands dc(Processes.dest) AS hosts from datamodel=Endpoint.Processes by Processes.parent_process_name",
        "SELECT parent_process_name, count(DISTINCT process), count(DISTINCT dest) FROM p GROUP BY 1 ORDER BY 1",
        "p.group_by('parent_process_name').agg(pl.col('process').n_unique(), pl.col('dest').n_unique()).sort('parent_process_name').collect(engine='streaming')",
    ),
    "timechart": (
        "search index=* | timechart span=1h count by process_integrity_level",
        "PIVOT (SELECT date_trunc('hour', _time) AS t, process_integrity_level FROM p) ON process_integrity_level USING count(*) GROUP BY t ORDER BY t",
        "p.group_by(pl.col('_time').dt.truncate('1h'), 'process_integrity_level').len().collect(engine='streaming').pivot('process_integrity_level', index='_time', values='len').sort('_time')",
    ),
    "dedup": (
        "search index=* | dedup dest process_name | table dest process_name process_id",
        "SELECT dest, process_name, process_id FROM p QUALIFY row_number() OVER (PARTITION BY dest, process_name ORDER BY _time DESC) = 1",
        "p.sort('_time', descending=True).unique(['dest','process_name'], keep='first').select('dest','process_name','process_id').collect(engine='streaming')",
    ),
    "sort": (
        "search index=* | sort limit=1000 -process_id dest | table process_id dest",
        "SELECT process_id, dest FROM p ORDER BY process_id DESC, dest LIMIT 1000",
        "p.select('process_id','dest').sort(['process_id','dest'], descending=[True, False]).head(1000).collect(engine='streaming')",
    ),
    "rex": (
        'search index=* | rex field=process "(?i)-k (?<group>\\w+) -p" | stats count by group',
        "SELECT regexp_extract(process, '(?i)-k (\\w+) -p', 1) AS g, count(*) FROM p WHERE g != '' GROUP BY 1 ORDER BY 1",
        "p.select(g=pl.col('process').str.extract('(?i)-k (\\\\w+) -p')).drop_nulls().group_by('g').len().sort('g').collect(engine='streaming')",
    ),
    "eval": (
        'search index=* | eval n=len(process), late=if(process_id > 16000, "high", "low"), name=lower(process_name) '
        "| where n > 60 | stats count avg(n) AS length by late name",
        "SELECT CASE WHEN process_id > 16000 THEN 'high' ELSE 'low' END AS late, lower(process_name) AS name, count(*), avg(length(process)) "
        "FROM p WHERE length(process) > 60 GROUP BY 1, 2 ORDER BY 1, 2",
        "p.with_columns(n=pl.col('process').str.len_chars(), late=pl.when(pl.col('process_id') > 16000).then(pl.lit('high')).otherwise(pl.lit('low')), name=pl.col('process_name').str.to_lowercase())"
        ".filter(pl.col('n') > 60).group_by('late','name').agg(pl.len(), pl.col('n').mean()).sort('late','name').collect(engine='streaming')",
    ),
    "lookup": (
        "search index=* | lookup hosts.csv dest OUTPUT site | stats count by site",
        "SELECT site, count(*) FROM p JOIN h USING (dest) GROUP BY 1 ORDER BY 1",
        "p.join(pl.scan_csv(HOSTS), on='dest').group_by('site').len().sort('site').collect(engine='streaming')",
    ),
    "transaction": (
        "search index=* process_name=schtasks.exe | transaction dest user maxspan=1h | stats count avg(eventcount) AS size",
        # No plain SQL says that an event more than an hour after the first of its group begins a new one.
        None,
        None,
    ),
}

DUCKDB = """
import duckdb, json, sys
c = duckdb.connect()
c.execute("SET enable_progress_bar = false")
c.execute("CREATE VIEW p AS SELECT * FROM read_parquet('%s/Endpoint.Processes/*.parquet')")
c.execute("CREATE VIEW h AS SELECT * FROM read_csv('%s')")
rows = c.execute(sys.argv[1]).fetchall()
json.dump([list(map(str, r)) for r in rows], sys.stdout)
"""

POLARS = """
import json, sys
import polars as pl
p = pl.scan_parquet('%s/Endpoint.Processes/*.parquet')
HOSTS = '%s'
rows = eval(sys.argv[1]).rows()
json.dump([list(map(str, r)) for r in rows], sys.stdout)
"""


def hosts(folder):
    """A lookup file: each host has a site."""
    path = os.path.join(folder, "hosts.csv")
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["dest", "site"])
        writer.writerows([f"host{n:04}", f"site{n % 40:02}"] for n in range(5000))
    return path


def commands(options, name, work):
    spl, sql, polars = SHAPES[name]
    data, table = options.data, os.path.join(work, "lookups", "hosts.csv")
    source = ["--model", f"Endpoint.Processes={data}/Endpoint.Processes"] if spl.startswith("| tstats") else [
        "--data", f"{data}/Endpoint.Processes"]
    ours = [options.bin, "--home", os.path.join(work, "home"), "--app", os.path.join(work, "app"), "--quiet", *source,
            "--format", "ndjson", "search", spl]
    found = {"spelunk": ours}
    if sql:
        found["duckdb"] = [sys.executable, "-c", DUCKDB % (data, table), sql]
    if polars:
        found["polars"] = [sys.executable, "-c", POLARS % (data, table), polars.strip()]
    return found


def run(command, given=""):
    """What a process took, waiting and computing (seconds), the memory it held (MiB), and what it wrote."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, tempfile.TemporaryFile("w+") as give:
        give.write(given)
        give.seek(0)
        process = subprocess.Popen(command, stdin=give, stdout=out, stderr=err)
        stop = threading.Timer(900, process.kill)
        stop.start()
        _, status, used = os.wait4(process.pid, 0)
        stop.cancel()
        took = time.perf_counter() - begin
        out.seek(0)
        err.seek(0)
        if status != 0:
            raise RuntimeError(err.read().strip()[-800:] or f"ended with {status}")
        return took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.read()


def rows_of(peer, text):
    """How many rows came out, and the sum of their whole numbers, texts or not: the same for the same rows."""
    rows = [list(json.loads(line).values()) for line in text.splitlines()] if peer == "spelunk" else json.loads(text)
    # A mean that happens to be whole is `93` here and `93.0` there.
    numbers = (str(value).removesuffix(".0") for row in rows for value in row)
    return len(rows), sum(int(n) for n in numbers if n.isdigit() and len(n) < 10)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="target/release/spelunk")
    parser.add_argument("--data", required=True, help="what the generator wrote")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("shapes", nargs="*", choices=[[], *SHAPES], default=[])
    options = parser.parse_args()
    options.data = os.path.abspath(options.data)
    with tempfile.TemporaryDirectory() as work:
        os.makedirs(os.path.join(work, "app", "lookups"))
        os.symlink(os.path.join(work, "app", "lookups"), os.path.join(work, "lookups"))
        hosts(os.path.join(work, "lookups"))
        print("| shape | rows | processor s | /duckdb | spread | processor/duckdb | spread | /polars | processor/polars | MiB |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for name in options.shapes or SHAPES:
            measure(options, name, work)


def measure(options, name, work):
    peers = commands(options, name, work)
    counts, times = {}, {peer: [] for peer in peers}
    for peer, command in peers.items():
        try:
            counts[peer] = rows_of(peer, run(command)[3])
        except RuntimeError as error:
            print(f"{name}: {peer}: {error}", file=sys.stderr)
            if peer == "spelunk":
                return
    if len(set(counts.values())) != 1:
        print(f"{name}: rows and sums of numbers differ: {counts}", file=sys.stderr)
    peers = {peer: command for peer, command in peers.items() if peer in counts}
    for _ in range(options.runs):
        for peer, command in peers.items():
            times[peer].append(run(command)[:3])

    def column(peer, what):
        return [figures[what] for figures in times.get(peer, [])]

    def ratios(peer, what):
        return [ours / theirs for ours, theirs in zip(column("spelunk", what), column(peer, what))]

    def ratio(peer, what):
        found = ratios(peer, what)
        return f"{statistics.median(found):.2f}" if found else "-"

    def spread(peer, what):
        found = ratios(peer, what)
        return f"{min(found):.2f}-{max(found):.2f}" if found else "-"

    memory = max(column("spelunk", 2))
    print(f"| {name} | {counts['spelunk'][0]} | {statistics.median(column('spelunk', 1)):.2f} | {ratio('duckdb', 0)} | "
          f"{spread('duckdb', 0)} | {ratio('duckdb', 1)} | {spread('duckdb', 1)} | {ratio('polars', 0)} | "
          f"{ratio('polars', 1)} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
