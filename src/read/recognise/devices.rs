//! Recognizes lines of network devices and servers that write no plain syslog, or a product's own message
//! after a syslog header: their sourcetype, time and host. Extracting the message's fields is up to the
//! sourcetype's configuration.

use crate::extract::event::Event;
use crate::read::recognise::lines::{LineKind, Lines, event, with_pairs};
use crate::time::timestamp;

/// All kinds, the most specific first.
pub const KINDS: &[LineKind] = &[
    LineKind {
        sourcetype: |_, _| "pan:log",
        event: palo_alto,
        is_header: |_| false,
    },
    LineKind {
        sourcetype: |head, _| cisco_sourcetype(head),
        event: cisco,
        is_header: |_| false,
    },
    LineKind {
        sourcetype: |_, _| "zscalernss-web",
        event: zscaler,
        is_header: |_| false,
    },
    LineKind {
        sourcetype: |_, _| "nginx:plus:kv",
        event: nginx_pairs,
        is_header: |_| false,
    },
    LineKind {
        sourcetype: |_, _| "crushftp:sessionlogs",
        event: crushftp,
        is_header: |_| false,
    },
    LineKind {
        sourcetype: |_, _| "ivanti_vtm_audit",
        event: ivanti,
        is_header: |_| false,
    },
    LineKind {
        sourcetype: |_, _| "audittrail",
        event: splunk_audit,
        is_header: |_| false,
    },
];

/// Parses a syslog header: a length, a priority, a version, a time and a host; only the time is required.
/// Returns time and host.
fn syslog_header<'a>(line: &'a str, lines: &Lines<'_>) -> (Option<i64>, Option<&'a str>) {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mut text = line;
    // Octet counting of RFC 6587.
    if let Some((length, rest)) = text.split_once(' ')
        && digits(length)
        && rest.starts_with('<')
    {
        text = rest;
    }
    if let Some((priority, rest)) = text.strip_prefix('<').and_then(|t| t.split_once('>'))
        && digits(priority)
    {
        text = rest.strip_prefix("1 ").unwrap_or(rest);
    }
    let Some((_, length)) = timestamp::prefix(text, lines.zone, Some(lines.any_year())) else {
        return (None, None);
    };
    let time = timestamp::prefix(text, lines.zone, lines.year).map(|(time, _)| time);
    let rest = text[length..].trim_start_matches([' ', ':']);
    let host = rest.split([' ', ',']).next().unwrap_or_default();
    let is_host = !host.is_empty()
        && host.bytes().any(|b| b.is_ascii_alphanumeric())
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'))
        && timestamp::prefix(rest, lines.zone, Some(lines.any_year())).is_none();
    let host = Some(host.trim_end_matches(':')).filter(|_| is_host);
    (time, host)
}

/// `..., 1,2022/05/10 11:08:38,013201004583,THREAT,url,2305,2022/05/10 11:08:38,...`: a message of a PAN-OS
/// firewall, with or without a syslog header. Its time is the seventh value, when the firewall generated the
/// record.
fn palo_alto<'a>(line: &'a str, lines: &Lines<'_>) -> Option<Event<'a>> {
    let (before, _) = line.split_once(',')?;
    let start = before.rfind(' ').map_or(0, |at| at + 1);
    let mut values = line[start..].split(',');
    let (version, received, serial, kind) = (
        values.next()?,
        values.next()?,
        values.next()?,
        values.next()?,
    );
    let stamp = |text: &str| {
        let (time, length) = timestamp::prefix(text, lines.zone, None)?;
        (length == text.len() && text.as_bytes().get(4) == Some(&b'/')).then_some(time)
    };
    let is_name = |text: &str| {
        text.len() > 3
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_'))
    };
    let is_number = version.len() <= 2 && version.bytes().all(|b| b.is_ascii_digit());
    let is_serial = serial.bytes().all(|b| b.is_ascii_alphanumeric());
    let received = stamp(received)?;
    if !is_number || !is_serial || !is_name(kind) {
        return None;
    }
    let time = values.nth(2).and_then(stamp).unwrap_or(received);
    let (_, host) = syslog_header(&line[..start], lines);
    Some(event(line, Some(time), host))
}

/// `%ASA-6-302013: Built ...`, `%SYS-5-CONFIG_I: Configured ...`: facility, severity and mnemonic, after
/// times and hosts in any order.
fn cisco<'a>(line: &'a str, lines: &Lines<'_>) -> Option<Event<'a>> {
    let at = cisco_mark(line)?;
    let (time, host) = syslog_header(line, lines);
    let time = time
        .or_else(|| timestamp::within(&line[..at], lines.zone, lines.year))
        .or_else(|| timestamp::at_line_start(line, lines.zone, lines.year));
    Some(event(line, time, host))
}

/// Returns the position of `%FACILITY-SEVERITY-MNEMONIC:`.
fn cisco_mark(line: &str) -> Option<usize> {
    line.match_indices('%').map(|(at, _)| at).find(|at| {
        let mark = line[at + 1..].split([' ', ':']).next().unwrap_or_default();
        if !line[at + 1 + mark.len()..].starts_with(':') {
            return false;
        }
        let parts: Vec<&str> = mark.split('-').collect();
        let is_word = |part: &&str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        };
        let severity = |part: &&str| matches!(part.as_bytes(), [b'0'..=b'7']);
        parts.len() >= 3
            && parts.iter().all(is_word)
            && parts[1..parts.len() - 1].iter().any(severity)
    })
}

/// The firewalls number their messages; IOS and related systems name them.
fn cisco_sourcetype(head: &str) -> &'static str {
    let firewall = ["%ASA-", "%FTD-", "%PIX-", "%FWSM-"];
    let line = head.lines().find(|l| cisco_mark(l).is_some());
    match line {
        Some(line) if firewall.iter().any(|f| line.contains(f)) => "cisco:asa",
        _ => "cisco:ios",
    }
}

/// The web feed of Zscaler's log streaming: `name=value` separated by tabs.
fn zscaler<'a>(line: &'a str, lines: &Lines<'_>) -> Option<Event<'a>> {
    let holds = |name: &str| line.contains(name);
    let is_web = holds("\turlsupercategory=") && holds("\turlclass=") && holds("\tClientIP=");
    if !is_web {
        return None;
    }
    let time = timestamp::at_line_start(line, lines.zone, None);
    let mut found = event(line, time, None);
    // Values contain blanks: only a tab ends them.
    let pairs = line.split('\t').filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        let name = name.rsplit(' ').next().unwrap_or(name);
        (!name.is_empty()).then(|| crate::extract::event::Field::text(name, value))
    });
    found.fields.extend(pairs);
    Some(found)
}

/// `site="..." server="..." ... nginx_version="1.18.0" ...`, the access log as key-value pairs.
fn nginx_pairs<'a>(line: &'a str, lines: &Lines<'_>) -> Option<Event<'a>> {
    if !line.contains("nginx_version=\"") || !line.contains("http_method=\"") {
        return None;
    }
    let time = line
        .split_once("time_local=\"")
        .and_then(|(_, rest)| timestamp::prefix(rest, lines.zone, None))
        .map(|(time, _)| time);
    Some(with_pairs(event(line, time, None), line))
}

/// `SESSION|05/14/2024 17:36:21.859|[HTTPS:169_52326_sMa:anonymous:10.0.1.30] READ: *POST ...*`
fn crushftp<'a>(line: &'a str, lines: &Lines<'_>) -> Option<Event<'a>> {
    let (kind, rest) = line.split_once('|')?;
    let (stamp, rest) = rest.split_once('|')?;
    let is_kind = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if !is_kind || !rest.starts_with('[') {
        return None;
    }
    let (time, _) = timestamp::prefix(stamp, lines.zone, None)?;
    Some(event(line, Some(time), None))
}

/// `[19/Aug/2024:19:41:22 +0000] USER=a GROUP=b AUTH=c IP=d OPERATION=e ...`
fn ivanti<'a>(line: &'a str, lines: &Lines<'_>) -> Option<Event<'a>> {
    let (stamp, rest) = line.strip_prefix('[')?.split_once(']')?;
    let (time, _) = timestamp::prefix(stamp, lines.zone, None)?;
    let is_audit = rest.trim_start().starts_with("USER=")
        && [" GROUP=", " AUTH=", " OPERATION="]
            .iter()
            .all(|name| rest.replace('\t', " ").contains(name));
    is_audit.then(|| with_pairs(event(line, Some(time), None), rest))
}

/// `Audit:[timestamp=01-25-2023 22:08:54.818, user=admin, action=search, info=granted ...]`
fn splunk_audit<'a>(line: &'a str, lines: &Lines<'_>) -> Option<Event<'a>> {
    let at = line.find("Audit:[timestamp=")?;
    let inner = &line[at + "Audit:[".len()..];
    let stamp = &inner["timestamp=".len()..];
    // Month, day and year separated by dashes.
    let stamp = stamp.split(',').next()?.replacen('-', "/", 2);
    let (time, _) = timestamp::prefix(&stamp, lines.zone, None)?;
    inner
        .contains(", user=")
        .then(|| with_pairs(event(line, Some(time), None), inner))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use crate::read::recognise::lines::{Lines, kind_of};

    const LINES: Lines<'static> = Lines {
        zone: Tz::UTC,
        year: Some(2023),
        file: "a.log",
    };

    #[test]
    fn lines_of_devices_tell_their_sourcetype_time_and_host() {
        for (line, sourcetype, time, host) in [
            (
                "May 10 11:08:39 fw.example 1,2022/05/10 11:08:38,0132,THREAT,url,2305,2022/05/10 11:08:37,2.18.4.7",
                "pan:log",
                1_652_180_917,
                Some("fw.example"),
            ),
            (
                "577 <14>1 2024-02-22T12:33:50-05:00 FW1.LAN - - - - 1,2024/02/22 12:33:50,0128,TRAFFIC,end,2305,2024/02/22 12:33:50,10.0.0.1",
                "pan:log",
                1_708_605_230,
                Some("FW1.LAN"),
            ),
            (
                "1,2024/02/22 12:33:50,0128,SYSTEM,general,0,2024/02/22 12:33:50,,x",
                "pan:log",
                1_708_605_230,
                None,
            ),
            (
                "<166>Oct 10 2023 12:00:00 fw01 : %ASA-6-302013: Built outbound TCP connection 7",
                "cisco:asa",
                1_696_939_200,
                Some("fw01"),
            ),
            (
                "Oct 10 12:00:00 10.0.0.1 %ASA-4-106023: Deny tcp src",
                "cisco:asa",
                1_696_939_200,
                Some("10.0.0.1"),
            ),
            (
                "Oct 10 12:00:00 sw1 77: Oct 10 12:00:00.5: %SYS-5-CONFIG_I: Configured from console",
                "cisco:ios",
                1_696_939_200,
                Some("sw1"),
            ),
            (
                "<189>88: Oct 10 2023 12:00:00: %SEC_LOGIN-4-LOGIN_FAILED: Login failed",
                "cisco:ios",
                1_696_939_200,
                None,
            ),
            (
                "SESSION|10/10/2023 12:00:00.000|[HTTPS:1_2_x:bob:10.0.1.30] READ: *GET / HTTP/1.1*",
                "crushftp:sessionlogs",
                1_696_939_200,
                None,
            ),
            (
                "[10/Oct/2023:12:00:00 +0000]\tUSER=a\tGROUP=b\tAUTH=c\tIP=d\tOPERATION=adduser\tMODUSER=x",
                "ivanti_vtm_audit",
                1_696_939_200,
                None,
            ),
            (
                "Audit:[timestamp=10-10-2023 12:00:00.000, user=admin, action=search, info=granted]",
                "audittrail",
                1_696_939_200,
                None,
            ),
            (
                "site=\"a\" src=\"10.0.0.1\" time_local=\"10/Oct/2023:12:00:00 +0000\" nginx_version=\"1.2\" http_method=\"GET\"",
                "nginx:plus:kv",
                1_696_939_200,
                None,
            ),
            (
                "2023-10-10 12:00:00\treason=Allowed\turlsupercategory=News and Media\turlclass=Business\tClientIP=10.0.0.1",
                "zscalernss-web",
                1_696_939_200,
                None,
            ),
        ] {
            let kind = kind_of(line, &LINES).expect(line);
            assert_eq!((kind.sourcetype)(line, "a.log"), sourcetype, "{line}");
            let event = (kind.event)(line, &LINES).expect(line);
            assert_eq!(event.time.map(|t| t / 1_000_000), Some(time), "{line}");
            assert_eq!(event.host.as_deref(), host, "{line}");
        }
        let line = "2023-10-10 12:00:00\treason=Allowed\turlsupercategory=News and Media\turlclass=Business\tClientIP=10.0.0.1";
        let kind = kind_of(line, &LINES).expect("a kind");
        let event = (kind.event)(line, &LINES).expect("an event");
        assert_eq!(event.get("reason"), Some("Allowed"));
        assert_eq!(event.get("urlsupercategory"), Some("News and Media"));
    }

    #[test]
    fn text_with_percent_signs_and_commas_is_no_device_log() {
        for line in [
            "100%: done, 1,2,3",
            "%d-%m-%Y: a format",
            "1,2022/05/10 11:08:38,x",
            "a|b|[c]",
            "[10/Oct/2023:12:00:00 +0000] USER=a",
        ] {
            let kind = kind_of(line, &LINES);
            let sourcetype = kind.map(|k| (k.sourcetype)(line, "a.log"));
            assert!(sourcetype.is_none(), "{line}: {sourcetype:?}");
        }
    }
}
