//! Recognizes single-line logs by the shape of their lines: their sourcetype, time and host. Extracting
//! fields is up to the sourcetype's configuration, except where no expression can.

use std::borrow::Cow;

use chrono_tz::Tz;

use crate::extract::event::{Event, Field};
use crate::extract::kv;
use crate::read::recognise::devices;
use crate::time::timestamp;

/// The known facts about a line's file.
#[derive(Clone, Copy)]
pub struct Lines<'f> {
    /// The time zone of times that name none.
    pub zone: Tz,
    /// The year of times that lack one.
    pub year: Option<i32>,
    /// The file's name.
    pub file: &'f str,
}

impl Lines<'_> {
    /// A year with which a time can at least be distinguished from other text.
    pub fn any_year(&self) -> i32 {
        // A leap year.
        self.year.unwrap_or(2000)
    }
}

/// One kind of line.
pub struct LineKind {
    /// The sourcetype, given the head of the file.
    pub sourcetype: fn(head: &str, file: &str) -> &'static str,
    /// The event of a line, without sourcetype; `None` if the line is of another kind.
    pub event: for<'a> fn(&'a str, &Lines<'_>) -> Option<Event<'a>>,
    /// Whether a line only names the columns of those after it.
    pub is_header: fn(&str) -> bool,
}

/// All kinds, the most specific first.
const KINDS: &[LineKind] = &[
    LineKind {
        sourcetype: |_, _| "linux:audit",
        event: |line, _| audit(line),
        is_header: |_| false,
    },
    LineKind {
        sourcetype: |head, _| access_sourcetype(head),
        event: access,
        is_header: |_| false,
    },
    LineKind {
        sourcetype: |_, _| "aws:cloudwatchlogs:vpcflow",
        event: |line, _| flow(line),
        is_header: |_| false,
    },
    LineKind {
        sourcetype: syslog_sourcetype,
        event: syslog,
        is_header: |_| false,
    },
];

/// Lines examined to determine the kind.
const SAMPLE: usize = 40;

/// The kind of most lines in a file's head.
pub fn kind_of(head: &str, lines: &Lines<'_>) -> Option<&'static LineKind> {
    // The last line may be cut off.
    let whole = head.rsplit_once('\n').map_or(head, |(whole, _)| whole);
    let sample: Vec<&str> = whole
        .lines()
        .filter(|l| !l.trim().is_empty())
        .take(SAMPLE)
        .collect();
    devices::KINDS.iter().chain(KINDS).find(|kind| {
        let fitting = sample
            .iter()
            .filter(|l| (kind.is_header)(l) || (kind.event)(l, lines).is_some())
            .count();
        fitting > 0 && fitting * 2 > sample.len()
    })
}

pub(in crate::read) fn event<'a>(
    line: &'a str,
    time: Option<i64>,
    host: Option<&'a str>,
) -> Event<'a> {
    Event {
        time,
        raw: Cow::Borrowed(line),
        host: host.map(Cow::Borrowed),
        ..Event::default()
    }
}

pub(in crate::read) fn with_pairs<'a>(mut event: Event<'a>, line: &'a str) -> Event<'a> {
    let pairs = kv::pairs(line).map(|(name, value)| Field::text(name, value));
    event.fields.extend(pairs);
    event
}

/// `type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e ...` of the Linux audit daemon.
fn audit(line: &str) -> Option<Event<'_>> {
    let node = line.strip_prefix("node=").and_then(|l| l.split(' ').next());
    let record = line.find("type=").filter(|at| match node {
        Some(node) => *at == "node= ".len() + node.len(),
        None => *at == 0,
    })?;
    let stamp = &line[record..];
    let stamp = &stamp[stamp.find(" msg=audit(")? + " msg=audit(".len()..];
    let (seconds, _serial) = stamp.split_once(')')?.0.split_once(':')?;
    let mut event = event(line, Some(timestamp::epoch(seconds)?), node);
    // The text that auditd adds follows a group separator.
    for part in line.split('\u{1d}') {
        for (name, value) in kv::pairs(part) {
            // User space puts its pairs inside `msg='...'`.
            match (name.as_ref(), value) {
                ("msg", Cow::Borrowed(inner)) if inner.contains('=') => {
                    let pairs = kv::pairs(inner).map(|(n, v)| Field::text(n, v));
                    event.fields.extend(pairs);
                }
                (_, value) => event.fields.push(Field::text(name, value)),
            }
        }
    }
    Some(event)
}

/// NCSA common and combined log format of Apache and nginx:
/// `10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326 "referer" "agent"`.
fn access<'a>(line: &'a str, lines: &Lines<'_>) -> Option<Event<'a>> {
    let open = line.find(" [")?;
    // Client, identity and user; a virtual host may precede them.
    if !(3..=4).contains(&line[..open].split_ascii_whitespace().count()) {
        return None;
    }
    let (stamp, rest) = line[open + 2..].split_once(']')?;
    let (time, length) = timestamp::prefix(stamp, lines.zone, None)?;
    let rest = rest.trim_start().strip_prefix('"')?;
    let (_, after) = rest.split_once("\" ")?;
    let status = after.trim_start().get(..3)?;
    let is_status = status.bytes().all(|b| b.is_ascii_digit()) || status.starts_with("- ");
    (length == stamp.len() && is_status).then(|| event(line, Some(time), None))
}

/// Common format ends with the size; a third quoted string at the end is the cookie.
fn access_sourcetype(head: &str) -> &'static str {
    let line = head.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let quotes = line.matches('"').count() - line.matches("\\\"").count();
    match quotes {
        0..=3 => "access_common",
        4..=7 => "access_combined",
        _ => "access_combined_wcookie",
    }
}

/// Amazon VPC flow logs in their default format: fourteen values, the eleventh and twelfth of them the bounds
/// of the interval they count.
fn flow(line: &str) -> Option<Event<'_>> {
    let mut values = line.split(' ');
    let version: u32 = values.next()?.parse().ok()?;
    let account = values.next()?;
    let interface = values.next()?;
    let is_account = account == "unknown" || account.bytes().all(|b| b.is_ascii_digit());
    if !(2..=9).contains(&version) || !is_account || !interface.starts_with("eni-") {
        return None;
    }
    let start = values.nth(7)?;
    let end = values.next()?;
    let digits = |text: &str| text.len() >= 9 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(start) || !digits(end) {
        return None;
    }
    Some(event(line, timestamp::epoch(start), None))
}

/// `Oct 11 22:14:15 host process[123]: text`, with a priority before it, with a year or an ISO time, or in
/// the format of RFC 5424.
fn syslog<'a>(line: &'a str, lines: &Lines<'_>) -> Option<Event<'a>> {
    let after_priority = line
        .strip_prefix('<')
        .and_then(|inner| inner.split_once('>'))
        .filter(|(number, _)| !number.is_empty() && number.len() <= 3)
        .filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()))
        .map(|(_, after)| after);
    let text = after_priority.unwrap_or(line);
    let versioned = text.strip_prefix("1 ").filter(|_| after_priority.is_some());
    let text = versioned.unwrap_or(text);
    let (_, length) = timestamp::prefix(text, lines.zone, Some(lines.any_year()))?;
    let time = timestamp::prefix(text, lines.zone, lines.year).map(|(time, _)| time);
    let rest = text[length..].strip_prefix(' ')?;
    let (host, rest) = rest.split_once(' ')?;
    let host_byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    if host.is_empty() || !host.bytes().all(host_byte) || host.ends_with(':') {
        return None;
    }
    if versioned.is_some() {
        let host = Some(host).filter(|h| *h != "-");
        return Some(with_pairs(event(line, time, host), line));
    }
    let (process, has_pid) = process(rest)?;
    // Many programs begin their lines with a full date, a word and a colon.
    let is_dated = !text.as_bytes().first()?.is_ascii_alphabetic();
    let is_told = after_priority.is_some() || has_pid || process == "kernel";
    (!is_dated || is_told).then(|| with_pairs(event(line, time, Some(host)), line))
}

/// Returns the name from `name[pid]:` or `name:` at the start of a message, and whether it has a number.
fn process(message: &str) -> Option<(&str, bool)> {
    let end = message.find([' ', ':', '['])?;
    let (name, rest) = message.split_at(end);
    if name.is_empty() {
        return None;
    }
    if rest.starts_with(':') {
        return Some((name, false));
    }
    let (number, after) = rest.strip_prefix('[')?.split_once(']')?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    (is_number && after.starts_with(':')).then_some((name, true))
}

/// Splunk distinguishes these by the file's path; a log that contains only logins is also `linux_secure`.
fn syslog_sourcetype(head: &str, file: &str) -> &'static str {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    if base.starts_with("secure") || base.starts_with("auth.log") {
        return "linux_secure";
    }
    if base == "messages" || base.starts_with("messages.") || base.starts_with("messages-") {
        return "linux_messages_syslog";
    }
    const LOGINS: [&str; 6] = [
        " sshd[",
        " sshd-session[",
        " sudo:",
        " sudo[",
        " su:",
        " su[",
    ];
    let mut lines = head.lines().filter(|l| !l.trim().is_empty()).peekable();
    let only_logins = lines.peek().is_some()
        && lines
            .take(SAMPLE)
            .all(|l| LOGINS.iter().any(|p| l.contains(p)));
    if only_logins {
        "linux_secure"
    } else {
        "syslog"
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::{Lines, kind_of};

    const LINES: Lines<'static> = Lines {
        zone: Tz::UTC,
        year: Some(2021),
        file: "a.log",
    };

    #[test]
    fn lines_tell_their_sourcetype_time_and_host() {
        for (line, sourcetype, time, host) in [
            (
                "type=ADD_USER msg=audit(1722950859.266:6994): pid=1788 msg='op=adding user id=1002 exe=\"/usr/sbin/useradd\" res=success'UID=\"root\"",
                "linux:audit",
                1_722_950_859_266_000,
                None,
            ),
            (
                "10.0.0.1 - bob [10/Oct/2020:13:55:36 -0700] \"GET /a?b=c HTTP/1.0\" 200 2326 \"http://x/\" \"curl\"",
                "access_combined",
                1_602_363_336_000_000,
                None,
            ),
            (
                "::1 - - [10/Oct/2020:13:55:36 -0700] \"GET / HTTP/1.0\" 200 -",
                "access_common",
                1_602_363_336_000_000,
                None,
            ),
            (
                "2 123397614277 eni-0b0f9f 10.0.1.30 10.0.1.1 47254 22 17 2 98 1697608042 1697608070 ACCEPT OK",
                "aws:cloudwatchlogs:vpcflow",
                1_697_608_042_000_000,
                None,
            ),
            (
                "May 27 09:28:36 ip-172-31-24-46 sshd[5617]: Accepted password for a from 1.2.3.4 port 63487 ssh2",
                "linux_secure",
                1_622_107_716_000_000,
                Some("ip-172-31-24-46"),
            ),
            (
                "<30>May 27 09:28:36 web01 systemd[1]: Started x.",
                "syslog",
                1_622_107_716_000_000,
                Some("web01"),
            ),
            (
                "<34>1 2021-05-27T09:28:36Z web01 app 12 ID47 - text",
                "syslog",
                1_622_107_716_000_000,
                Some("web01"),
            ),
            (
                "2021-05-27T09:28:36.5+00:00 web01 CRON[12]: (root) CMD",
                "syslog",
                1_622_107_716_500_000,
                Some("web01"),
            ),
        ] {
            let kind = kind_of(line, &LINES).expect(line);
            assert_eq!((kind.sourcetype)(line, "a.log"), sourcetype);
            let event = (kind.event)(line, &LINES).expect(line);
            assert_eq!(event.time, Some(time), "{line}");
            assert_eq!(event.host.as_deref(), host, "{line}");
        }
    }

    #[test]
    fn audit_records_give_what_user_space_says() {
        let line = "node=web type=SYSCALL msg=audit(1.5:7): a0=63 exe=\"/bin/a b\" key=(null)\u{1d}ARCH=x86_64 UID=\"root\"";
        let kind = kind_of(line, &LINES).expect("a kind");
        let event = (kind.event)(line, &LINES).expect("an event");
        for (name, value) in [
            ("type", "SYSCALL"),
            ("msg", "audit(1.5:7):"),
            ("exe", "/bin/a b"),
            ("ARCH", "x86_64"),
            ("UID", "root"),
        ] {
            assert_eq!(event.get(name), Some(value), "{name}");
        }
        assert_eq!(event.host.as_deref(), Some("web"));
        let line = "type=USER_AUTH msg=audit(1.5:7): pid=1 msg='op=PAM acct=\"bob\" res=failed'";
        let event = (kind.event)(line, &LINES).expect("an event");
        assert_eq!(
            (event.get("acct"), event.get("res")),
            (Some("bob"), Some("failed"))
        );
    }

    #[test]
    fn other_logs_are_of_no_kind() {
        for line in [
            "2021-05-27 09:28:36 INFO main: started",
            "2021-05-27T09:28:36Z WARN pool: low",
            "[2021-05-27 09:28:36] a \"b\" c",
            "2 3 4 5 6 7 8 9 10 11 12 13 14 15",
            "type=a msg=b",
            "May 27 09:28:36 no process here",
            "",
        ] {
            assert!(kind_of(line, &LINES).is_none(), "{line}");
        }
    }
}
