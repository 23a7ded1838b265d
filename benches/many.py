#!/usr/bin/env python3
"""All published detections of the data model Endpoint.Processes over the same Parquet files, against DuckDB.

    cargo run --release --example generate -- --rows 10000000 --out DIR
    VENV/bin/python benches/many.py --data DIR --content CONTENT [--runs 3]

CONTENT is a folder in the layout of Splunk's published content. Every round runs, in turns, as whole processes:

- `all`: `spelunk run` of every detection that asks for `datamodel=Endpoint.Processes`;
- `one`: `spelunk run` of the detection of remote WMI alone;
- `duckdb`: the thirty detections below, translated into SQL by hand, one after the other in one process that has the
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


def exe(name, original=None):
    return f"(process_name ILIKE '{name}' OR original_file_name ILIKE '{original or name}')"


def has(*parts, of="process"):
    return "(" + " AND ".join(f"{of} ILIKE '%{part}%'" for part in parts) + ")"


def any_of(*parts, of="process"):
    return "(" + " OR ".join(f"{of} ILIKE '{part}'" for part in parts) + ")"


NET = f"({exe('net.exe')} OR {exe('net1.exe')})"
POWERSHELL = "(" + " OR ".join(
    [f"lower(process_name) = '{n}'" for n in ("pwsh.exe", "sqlps.exe", "sqltoolsps.exe", "powershell.exe", "powershell_ise.exe")]
    + [f"lower(original_file_name) = '{n}'" for n in ("pwsh.dll", "powershell.exe", "powershell_ise.exe")]
) + ")"

# A detection's file, and what its search asks of a process.
TRANSLATED = {
    "remote_process_instantiation_via_wmi": exe("wmic.exe") + " AND " + has("/node:", "process", "call", "create"),
    "7zip_commandline_to_smb_share_path": f"({exe('7z.exe')} OR {exe('7za.exe')}) AND " + any_of(r"%\C$\%", r"%\Admin$\%", r"%\IPC$\%"),
    "anomalous_usage_of_7zip": any_of("rundll32.exe", "dllhost.exe", of="parent_process_name") + " AND process_name ILIKE '%7z%'",
    "any_powershell_downloadstring": POWERSHELL + " AND " + has(".DownloadString"),
    "bcdedit_command_back_to_normal_mode_boot": "process_name ILIKE 'bcdedit.exe' AND " + has("/deletevalue", "{current}", "safeboot"),
    "bits_job_persistence": exe("bitsadmin.exe") + " AND " + any_of("%create%", "%addfile%", "%setnotifyflags%", "%setnotifycmdline%", "%setminretrydelay%", "%setcustomheaders%", "%resume%"),
    "certutil_exe_certificate_extraction": "process_name ILIKE 'certutil.exe' AND " + has("-exportPFX"),
    "certutil_with_decode_argument": exe("certutil.exe") + " AND " + has("decode"),
    "change_to_safe_mode_with_network_config": "process_name ILIKE 'bcdedit.exe' AND " + has("/set", "{current}", "safeboot", "network"),
    "check_elevated_cmd_using_whoami": has("whoami", "/group", " find ", "12288"),
    "creation_of_shadow_copy": "((process_name ILIKE 'vssadmin.exe' AND " + has("create", "shadow") + ") OR (process_name ILIKE 'wmic.exe' AND " + has("shadowcopy", "create") + "))",
    "creation_of_shadow_copy_with_wmic_and_powershell": f"({exe('wmic.exe')} OR {POWERSHELL}) AND " + has("shadowcopy", "create"),
    "credential_dumping_via_copy_command_from_shadow_copy": exe("cmd.exe") + " AND " + any_of(r"%\system32\config\sam%", r"%\system32\config\security%", r"%\system32\config\system%", r"%\windows\ntds\ntds.dit%"),
    "credential_dumping_via_symlink_to_shadow_copy": exe("cmd.exe") + " AND " + has("mklink", "HarddiskVolumeShadowCopy"),
    "csc_net_on_the_fly_compilation": exe("csc.exe") + " AND " + has("/noconfig", "/fullpaths", "@"),
    "deleting_of_net_users": NET + " AND " + has("user", "/delete"),
    "windows_remote_create_service": "process_name ILIKE 'sc.exe' AND " + has("create", "\\\\"),
    "windows_rundll32_apply_user_settings_changes": "process_name ILIKE 'rundll32.exe' AND " + has("user32.dll,UpdatePerUserSystemParameters"),
    "windows_service_creation_on_remote_endpoint": exe("sc.exe") + " AND " + has("\\\\", "create", "binpath"),
    "windows_service_initiation_on_remote_endpoint": exe("sc.exe") + " AND " + has("\\\\", "start"),
    "windows_steal_authentication_certificates_export_certificate": has("export-certificate"),
    "windows_system_discovery_using_ldap_nslookup": exe("nslookup.exe") + " AND process ILIKE '%!_ldap.!_tcp.dc.!_msdcs%' ESCAPE '!'",
    "windows_system_network_connections_discovery_netsh": exe("netsh.exe") + " AND " + has(" show ") + " AND " + any_of("%state%", "%config%", "%wlan%", "%profile%"),
    "windows_time_based_evasion_via_choice_exec": "process_name ILIKE 'choice.exe' AND " + has("/T", "/N"),
    "windows_wmi_process_and_service_list": exe("wmic.exe") + " AND " + any_of("%process list%", "%service list%"),
    "windows_wmi_process_call_create": exe("wmic.exe") + " AND " + has(" process ", " call ", " create "),
    "winhlp32_spawning_a_process": "parent_process_name ILIKE 'winhlp32.exe' AND " + any_of(r"%\appdata\%", r"%\programdata\%", r"%\temp\%"),
    "winword_spawning_powershell": "parent_process_name ILIKE 'winword.exe' AND " + POWERSHELL,
    "wmic_group_discovery": "process_name ILIKE 'wmic.exe' AND " + has("group get name"),
    "xsl_script_execution_with_wmic": exe("wmic.exe") + " AND " + has("os get", "/format:", ".xsl"),
}

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
    translated = {name: where for name, where in TRANSLATED.items() if name in found}
    data = os.path.abspath(options.data)
    with tempfile.TemporaryDirectory() as work:
        all_of_them, some = os.path.join(work, "all"), os.path.join(work, "some")
        for folder, names in ((all_of_them, found), (some, translated)):
            os.mkdir(folder)
            for name in names:
                os.symlink(os.path.abspath(found[name]), os.path.join(folder, f"{name}.yml"))
        spelunk = [options.bin, "--home", os.path.join(work, "home"), "--content", options.content, "--quiet",
                   "--model", f"Endpoint.Processes={data}/Endpoint.Processes", "--format", "ndjson", "run"]
        sql = json.dumps({name: (keys(found[name]), where) for name, where in translated.items()})
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
