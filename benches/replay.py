#!/usr/bin/env python3
"""Replays Windows events as EVTX, NXLog JSON and XML, in turn with peers, and prints the ratios.

Peers: `evtx_dump -o jsonl` of the evtx crate for EVTX, DuckDB's read_json for JSON. The three inputs
hold the events of one folder of EVTX files, repeated until they are large enough. Two more are shapes
that are hard to spread over cores: the files of the folder as they are, many and small, and events of
few fields out of a thousand. See README.md.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

CHUNK = 65536
HEADER = 4096


def join_evtx(folder, target, wanted):
    """One EVTX file out of the full chunks of many, at least `wanted` bytes long."""
    chunks = []
    header = None
    for path in sorted(Path(folder).rglob("*.evtx")):
        data = path.read_bytes()
        header = header or bytearray(data[:HEADER])
        for at in range(HEADER, len(data) - CHUNK + 1, CHUNK):
            chunk = data[at : at + CHUNK]
            if chunk.startswith(b"ElfChnk\0"):
                chunks.append((struct.unpack_from("<I", chunk, 48)[0], chunk))
    if not chunks:
        sys.exit(f"no EVTX files below {folder}")
    # Small logs hold mostly empty chunks, which cost nothing to read.
    fullest = max(used for used, _ in chunks)
    chunks = [chunk for used, chunk in chunks if used * 2 >= fullest]
    count = 0
    with open(target, "wb") as out:
        out.write(bytes(HEADER))
        while count * CHUNK < wanted:
            for chunk in chunks:
                out.write(chunk)
            count += len(chunks)
        struct.pack_into("<QQ", header, 8, 0, count - 1)
        struct.pack_into("<H", header, 42, count & 0xFFFF)
        struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
        out.seek(0)
        out.write(header)


def run(command, **options):
    """Seconds, seconds of processor time, and peak memory in MiB of a command that must succeed."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
    text = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    if status != 0:
        sys.exit(f"{command} failed:\n{text.decode(errors='replace')}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def flat_events(program, evtx, folder):
    """The events of the first EVTX chunks as NXLog writes them, and as XML, one a line."""
    home = folder / "seed"
    run([program, "replay", evtx, "--home", home, "--quiet"])
    rows = subprocess.run(
        [program, "search", "--home", home, "--format", "ndjson", "* | fields - source sourcetype index host"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
    ).stdout.decode().splitlines()
    shutil.rmtree(home)
    json_lines, xml_lines = [], []
    for line in rows:
        row = json.loads(line)
        raw = row.pop("_raw", None)
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row.pop("_time", 0)))
        event = {"EventTime": stamp, "Hostname": row.get("Computer", "h"), "SourceModuleType": "im_msvistalog"}
        for key, value in row.items():
            event.setdefault(key, value)
        event["EventID"] = int(float(event.get("EventID") or event.get("EventCode") or 0))
        json_lines.append(json.dumps(event, separators=(",", ":")))
        if raw:
            xml_lines.append(re.sub(r"\s*\n\s*", " ", raw))
    return json_lines, xml_lines


def write_lines(target, lines, wanted):
    block = ("\n".join(lines) + "\n").encode()
    with open(target, "wb") as out:
        for _ in range(max(1, -(-wanted // len(block)))):
            out.write(block)


def write_wide(target, wanted):
    """Events of fifteen fields each, out of a thousand."""
    pick = random.Random(1)
    names = [f"field_{number}" for number in range(1000)]
    size = count = 0
    with open(target, "w") as out:
        while size < wanted:
            event = {"_time": 1_700_000_000 + count, "kind": f"k{count % 7}"}
            for name in pick.sample(names, 15):
                number = pick.randrange(10_000)
                event[name] = f"value {number}" if pick.random() < 0.5 else number % 1000
            size += out.write(json.dumps(event, separators=(",", ":")) + "\n")
            count += 1


def measure(name, inputs, contenders, runs):
    """Alternates the contenders; prints medians and spread, and ratios to the first one."""
    files = [f for p in inputs for f in ([Path(p)] if Path(p).is_file() else Path(p).rglob("*"))]
    size = sum(f.stat().st_size for f in files if f.is_file())
    seconds = {label: [] for label, _ in contenders}
    busy = {label: [] for label, _ in contenders}
    memory = {label: 0 for label, _ in contenders}
    for _ in range(runs):
        for label, once in contenders:
            taken, processor, peak = once()
            seconds[label].append(taken)
            busy[label].append(processor)
            memory[label] = max(memory[label], peak)
    first = contenders[0][0]
    base = statistics.median(seconds[first])
    busy_base = statistics.median(busy[first])
    for label, _ in contenders:
        times = seconds[label]
        median = statistics.median(times)
        print(
            f"{name:5} {label:34} {size / 1e6 / median:8.1f} MB/s  median {median:7.2f} s "
            f"({min(times):.2f} to {max(times):.2f})  peak {memory[label]:6.0f} MiB  "
            f"{median / base:5.2f} x {first}; processor {statistics.median(busy[label]):6.2f} s, "
            f"{statistics.median(busy[label]) / busy_base:5.2f} x; "
            f"cores {statistics.median(busy[label]) / median:4.2f}"
        )
    return statistics.median(seconds[first]), size


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("evtx", help="folder of EVTX files")
    arguments.add_argument("--program", default="target/release/spelunk")
    arguments.add_argument("--evtx-dump", default=shutil.which("evtx_dump"))
    arguments.add_argument("--mib", type=int, default=256, help="size of each input")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--only", help="evtx, json, xml, small or wide")
    args = arguments.parse_args()
    try:
        import duckdb
    except ImportError:
        duckdb = None
    program = str(Path(args.program).resolve())
    wanted = args.mib << 20
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        seed, evtx = folder / "seed.evtx", folder / "all.evtx"
        join_evtx(args.evtx, seed, 1)
        join_evtx(args.evtx, evtx, wanted)
        json_lines, xml_lines = flat_events(program, seed, folder)
        ndjson, xml, wide = folder / "all.json", folder / "all.xml", folder / "wide.json"
        write_lines(ndjson, json_lines, wanted)
        write_lines(xml, xml_lines, wanted)
        write_wide(wide, wanted // 4)
        home = folder / "home"

        def replay(path):
            def once():
                shutil.rmtree(home, ignore_errors=True)
                return run([program, "replay", path, "--home", home, "--quiet"])

            return once

        def dump():
            target = folder / "dump.jsonl"
            target.unlink(missing_ok=True)
            return run([args.evtx_dump, "-o", "jsonl", "--dont-show-record-number", "-f", target, evtx])

        def duck(search):
            text = f"import duckdb; duckdb.sql(\"{search}\")"
            return lambda: run([sys.executable, "-c", text])

        read = f"read_json('{ndjson}', format='newline_delimited')"
        duck_reads = duck(f"create table t as select * from {read}")
        duck_writes = duck(f"copy (select * from {read}) to '{folder}/t.parquet' (codec zstd)")
        plans = {
            "evtx": (evtx, [("evtx_dump -o jsonl", dump)] if args.evtx_dump else []),
            "json": (
                ndjson,
                [("DuckDB read_json", duck_reads), ("DuckDB read_json to Parquet", duck_writes)]
                if duckdb
                else [],
            ),
            "xml": (xml, []),
            "small": (args.evtx, []),
            "wide": (wide, []),
        }
        for name, (path, peers) in plans.items():
            if args.only and args.only != name:
                continue
            contenders = [*peers, ("spelunk replay", replay(path))]
            _, size = measure(name, [path], contenders, args.runs)
            stored = {
                kind: sum(f.stat().st_size for f in (home / kind).rglob("*.parquet"))
                for kind in ("events", "models")
            }
            shown = ", ".join(f"{kind} {bytes_ / size:.3f}" for kind, bytes_ in stored.items())
            print(f"{name:5} store, as a part of the input: {shown}")


if __name__ == "__main__":
    main()
