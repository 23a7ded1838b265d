//! Downloads missing test data: completely or not at all, resuming earlier attempts, and verified against
//! known size and hash.
//!
//! A repository holds large files as pointers with size and SHA-256, as "Git LFS Specification" says: a file
//! downloaded in place of a pointer must match it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, StatusCode};
use sha2::{Digest as _, Sha256};

use crate::detect::test::{into, is_pointer};
use crate::error::{Error, Result};
use crate::knowledge::dataset;
use crate::knowledge::detection::Detection;
use crate::session::{Progress, Session};

/// Number of attempts per file.
const TRIES: u32 = 4;

/// Delay before the second attempt; doubled before each later one.
const PAUSE: Duration = Duration::from_millis(400);

/// Timeout for connecting to a server, and for each read.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a download failed.
enum Failed {
    /// A retry may help.
    ForNow(String),
    /// A retry does not help.
    ForGood(String),
    /// The user stopped it, or the disk can't be written.
    Stop(Error),
}

impl From<std::io::Error> for Failed {
    fn from(why: std::io::Error) -> Failed {
        Failed::ForGood(why.to_string())
    }
}

/// The expected properties of a file.
struct Expected {
    size: u64,
    sha256: String,
}

impl Session {
    /// Downloads the tests' data that is missing below `roots` and everywhere else it is searched for, from
    /// the URL or folder `base` into the first of `roots`. Returns the references that could not be
    /// downloaded, with the reasons.
    ///
    /// # Errors
    /// If there is no folder to download into, or the user stopped it.
    pub(in crate::session) fn fetch(
        &self,
        detections: &[Detection],
        roots: &[PathBuf],
        base: &str,
    ) -> Result<BTreeMap<String, String>> {
        let Some(root) = roots.first() else {
            return Err(Error::usage("--fetch needs a folder to put the data into")
                .hint("name it with --attack-data DIR"));
        };
        let mut wanted: BTreeMap<String, (PathBuf, Option<Expected>)> = BTreeMap::new();
        for detection in detections {
            let data = detection.tests.iter().flat_map(|test| &test.attack_data);
            for reference in data.map(|data| &data.data) {
                let there = dataset::locate(reference, &detection.path, roots);
                let place = match there {
                    Some(path) if is_pointer(&path) => Some(path),
                    Some(_) => continue,
                    None => dataset::relative_path(reference).map(|below| into(root, &below)),
                };
                if let Some(place) = place {
                    let expected = expected(&place);
                    wanted.insert(reference.clone(), (place, expected));
                }
            }
        }
        let mut failed = BTreeMap::new();
        if wanted.is_empty() {
            return Ok(failed);
        }
        let progress = self.progress.read();
        let progress = progress.unwrap_or_else(PoisonError::into_inner).clone();
        let fetcher = Fetcher {
            session: self,
            progress: progress.as_deref(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|why| Error::internal(why.to_string()))?,
            client: Client::builder()
                .connect_timeout(TIMEOUT)
                .read_timeout(TIMEOUT)
                .user_agent(concat!("spelunk/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|why| Error::data(format!("nothing can be fetched: {}", causes(&why))))?,
        };
        if let Some(progress) = &progress {
            let sizes = wanted.values().map(|(_, e)| e.as_ref().map(|e| e.size));
            progress.start("fetching", sizes.sum::<Option<u64>>());
        }
        for (reference, (place, expected)) in &wanted {
            match fetcher.fetch(base, reference, place, expected.as_ref()) {
                Ok(()) => {}
                Err(Failed::ForNow(why) | Failed::ForGood(why)) => {
                    failed.insert(reference.clone(), why);
                }
                Err(Failed::Stop(error)) => return Err(error),
            }
        }
        if let Some(progress) = &progress {
            progress.finish();
        }
        Ok(failed)
    }
}

struct Fetcher<'s> {
    session: &'s Session,
    progress: Option<&'s dyn Progress>,
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Fetcher<'_> {
    /// Downloads one file to its place.
    fn fetch(
        &self,
        base: &str,
        reference: &str,
        place: &Path,
        expected: Option<&Expected>,
    ) -> Result<(), Failed> {
        let below = dataset::relative_path(reference)
            .ok_or_else(|| Failed::ForGood("its path leads out of the folder".to_owned()))?;
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let part = part_of(place);
        match folder_of(base) {
            Some(folder) => self.copy(&into(&folder, &below), &part)?,
            None => self.download(&address(base, &below), &part, expected)?,
        }
        if let Err(why) = check(&part, expected) {
            std::fs::remove_file(&part)?;
            return Err(Failed::ForGood(why));
        }
        File::open(&part)?.sync_all()?;
        std::fs::rename(&part, place)?;
        Ok(())
    }

    fn copy(&self, from: &Path, part: &Path) -> Result<(), Failed> {
        let told = |why| Failed::ForGood(format!("{}: {why}", from.display()));
        let mut from = File::open(from).map_err(told)?;
        let mut part = File::create(part)?;
        let mut piece = vec![0; 1 << 16];
        loop {
            self.session.check_cancelled().map_err(Failed::Stop)?;
            let read = from.read(&mut piece)?;
            if read == 0 {
                return Ok(());
            }
            part.write_all(&piece[..read])?;
            self.tell(read);
        }
    }

    fn download(&self, url: &str, part: &Path, expected: Option<&Expected>) -> Result<(), Failed> {
        let mut pause = PAUSE;
        let mut tries = 1;
        loop {
            match self
                .runtime
                .block_on(self.try_download(url, part, expected))
            {
                Err(Failed::ForNow(_)) if tries < TRIES => {
                    self.session.check_cancelled().map_err(Failed::Stop)?;
                    std::thread::sleep(pause);
                    pause *= 2;
                    tries += 1;
                }
                Err(Failed::ForNow(why)) => {
                    let why = format!("{url}: {why}; tried {tries} times");
                    return Err(Failed::ForGood(why));
                }
                Err(Failed::ForGood(why)) => return Err(Failed::ForGood(format!("{url}: {why}"))),
                other => return other,
            }
        }
    }

    /// Requests the missing part of a file.
    async fn try_download(
        &self,
        url: &str,
        part: &Path,
        expected: Option<&Expected>,
    ) -> Result<(), Failed> {
        let have = std::fs::metadata(part).map_or(0, |meta| meta.len());
        match expected {
            Some(expected) if have == expected.size && have > 0 => return Ok(()),
            Some(expected) if have > expected.size => return self.again(part, "it is too long"),
            _ => {}
        }
        let mut request = self.client.get(url);
        if have > 0 {
            request = request.header(RANGE, format!("bytes={have}-"));
        }
        let mut response = request
            .send()
            .await
            .map_err(|why| Failed::ForNow(causes(&why)))?;
        let status = response.status();
        let (mut file, total) = match status {
            StatusCode::PARTIAL_CONTENT => {
                let range = response.headers().get(CONTENT_RANGE);
                let range = range.and_then(|r| r.to_str().ok()).and_then(content_range);
                let Some((_, total)) = range.filter(|(first, _)| *first == have) else {
                    return self.again(part, "the server sent another part than was asked for");
                };
                (OpenOptions::new().append(true).open(part)?, total)
            }
            StatusCode::OK => (File::create(part)?, response.content_length()),
            StatusCode::RANGE_NOT_SATISFIABLE => {
                return self.again(part, "the server has another file by now");
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(Failed::ForNow(status.to_string()));
            }
            status => return Err(Failed::ForGood(status.to_string())),
        };
        loop {
            self.session.check_cancelled().map_err(Failed::Stop)?;
            let piece = response.chunk().await;
            let Some(piece) = piece.map_err(|why| Failed::ForNow(causes(&why)))? else {
                break;
            };
            file.write_all(&piece)?;
            self.tell(piece.len());
        }
        let length = file.metadata()?.len();
        match total {
            Some(total) if length < total => {
                Err(Failed::ForNow(format!("{length} of {total} bytes came")))
            }
            _ => Ok(()),
        }
    }

    /// Discards the partial file, to start over.
    fn again(&self, part: &Path, why: &str) -> Result<(), Failed> {
        std::fs::remove_file(part)?;
        Err(Failed::ForNow(why.to_owned()))
    }

    fn tell(&self, bytes: usize) {
        if let Some(progress) = self.progress {
            progress.advance(bytes as u64, 0);
        }
    }
}

/// The folder of a base, unless the base is a URL.
fn folder_of(base: &str) -> Option<PathBuf> {
    if let Some(path) = base.strip_prefix("file://") {
        return Some(PathBuf::from(path));
    }
    (!base.contains("://")).then(|| PathBuf::from(base))
}

/// The URL of a data set's file.
fn address(base: &str, below: &Path) -> String {
    let base = base.trim_end_matches('/');
    let mut url = base.to_owned();
    if !base.ends_with("/datasets") {
        url.push_str("/datasets");
    }
    for name in below.iter() {
        url.push('/');
        for byte in name.to_string_lossy().bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~@+,=:!'()*$&;".contains(&byte) {
                url.push(char::from(byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    url
}

fn part_of(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// The properties given by the pointer in a file's place.
fn expected(place: &Path) -> Option<Expected> {
    if !is_pointer(place) {
        return None;
    }
    let text = std::fs::read_to_string(place).ok()?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    Some(Expected {
        size: value("size ")?.trim().parse().ok()?,
        sha256: value("oid sha256:")?.trim().to_ascii_lowercase(),
    })
}

/// Whether a file has the expected properties.
fn check(part: &Path, expected: Option<&Expected>) -> Result<(), String> {
    if is_pointer(part) {
        return Err(
            "what came is the pointer to a large file: name an address that gives the file itself"
                .to_owned(),
        );
    }
    let Some(expected) = expected else {
        return Ok(());
    };
    let told = |why: std::io::Error| why.to_string();
    let mut file = File::open(part).map_err(told)?;
    let size = file.metadata().map_err(told)?.len();
    if size != expected.size {
        return Err(format!("{size} bytes came, not {}", expected.size));
    }
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut piece).map_err(told)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
    }
    let found: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    if found == expected.sha256 {
        Ok(())
    } else {
        Err(format!(
            "what came has the checksum {found}, not {}",
            expected.sha256
        ))
    }
}

/// The first byte and the total length of `bytes 100-199/200`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.parse().ok()?, total.parse().ok()))
}

/// An error with its causes, which the libraries' own messages omit.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(cause) = at {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        at = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{address, content_range};

    #[test]
    fn addresses_and_ranges_are_read() {
        let below = Path::new("t1/a b/x#1.log");
        let wanted = "https://h/r/datasets/t1/a%20b/x%231.log";
        assert_eq!(address("https://h/r/", below), wanted);
        assert_eq!(address("https://h/r/datasets", below), wanted);
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
        assert_eq!(content_range("lines 5-9/10"), None);
    }
}
