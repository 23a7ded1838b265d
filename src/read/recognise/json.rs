//! Recognizes the product of a JSON record by its keys: its sourcetype, and the key of its time.

use std::borrow::Cow;

use chrono_tz::Tz;

use crate::extract::event::Event;
use crate::extract::timestamp;

/// Common features of one product's records. All products write their times in UTC.
struct Kind {
    sourcetype: &'static str,
    needs: &'static [Need],
    /// Keys of the time, the most reliable first.
    time: &'static [&'static str],
}

/// A requirement on a record.
enum Need {
    /// The key.
    Key(&'static str),
    /// The key with a value that begins with this.
    Begins(&'static str, &'static str),
    /// The key with a value that contains this, case-insensitively.
    Holds(&'static str, &'static str),
}

use Need::{Begins, Holds, Key};

const KINDS: &[Kind] = &[
    Kind {
        sourcetype: "aws:cloudtrail",
        needs: &[
            Key("eventSource"),
            Key("eventVersion"),
            Key("eventName"),
            Key("eventTime"),
        ],
        time: &["eventTime"],
    },
    Kind {
        sourcetype: "aws:securityhub:finding",
        needs: &[
            Key("ProductArn"),
            Key("GeneratorId"),
            Key("AwsAccountId"),
            Key("SchemaVersion"),
        ],
        time: &["UpdatedAt", "CreatedAt"],
    },
    Kind {
        sourcetype: "aws:cloudtrail:lake",
        needs: &[
            Key("api.operation"),
            Key("metadata.version"),
            Key("class_uid"),
        ],
        time: &["time", "time_dt"],
    },
    Kind {
        sourcetype: "cisco:sfw:estreamer",
        needs: &[Key("EventType"), Key("DeviceUUID"), Key("InitiatorIP")],
        time: &["EventSecond", "LastPacketSecond", "FirstPacketSecond"],
    },
    Kind {
        sourcetype: "cisco:isovalent:processExec",
        needs: &[
            Key("process_exec.process.binary"),
            Key("node_name"),
            Key("time"),
        ],
        time: &["time"],
    },
    Kind {
        sourcetype: "cisco:isovalent:processConnect",
        needs: &[
            Key("process_connect.process.binary"),
            Key("node_name"),
            Key("time"),
        ],
        time: &["time"],
    },
    Kind {
        sourcetype: "cisco:isovalent",
        needs: &[
            Key("process_kprobe.function_name"),
            Key("node_name"),
            Key("time"),
        ],
        time: &["time"],
    },
    Kind {
        sourcetype: "cisco:nvm:flowdata",
        needs: &[Begins("fv", "nvzFlow"), Key("sa"), Key("pn")],
        time: &["fss", "fes"],
    },
    Kind {
        sourcetype: "cisco:duo:activity",
        needs: &[Key("activity_id"), Key("action.name"), Key("actor.name")],
        time: &["ts"],
    },
    Kind {
        sourcetype: "aws:cloudwatch:guardduty",
        needs: &[
            Holds("service.serviceName", "guardduty"),
            Key("schemaVersion"),
            Key("type"),
        ],
        time: &["updatedAt", "createdAt"],
    },
    Kind {
        sourcetype: "aws:cloudwatch:guardduty",
        needs: &[Begins("detail-type", "GuardDuty Finding"), Key("detail.id")],
        time: &["time", "detail.updatedAt"],
    },
    Kind {
        sourcetype: "aws:securityhub:firehose",
        needs: &[Begins("detail-type", "Security Hub Findings"), Key("time")],
        time: &["time"],
    },
    Kind {
        sourcetype: "azure:monitor:activity",
        needs: &[
            Holds("resourceId", "/subscriptions/"),
            Key("time"),
            Key("operationName"),
            Key("category"),
            Key("correlationId"),
        ],
        time: &["time"],
    },
    Kind {
        sourcetype: "azure:aad:audit",
        needs: &[
            Key("activityDateTime"),
            Key("activityDisplayName"),
            Key("loggedByService"),
        ],
        time: &["activityDateTime"],
    },
    Kind {
        sourcetype: "azure:aad:signin",
        needs: &[
            Key("createdDateTime"),
            Key("userPrincipalName"),
            Key("appDisplayName"),
            Key("conditionalAccessStatus"),
        ],
        time: &["createdDateTime"],
    },
    Kind {
        sourcetype: "ms365:defender:incident",
        needs: &[Key("incidentId"), Key("incidentName"), Key("createdTime")],
        time: &["lastUpdateTime", "createdTime"],
    },
    Kind {
        sourcetype: "ms365:defender:incident:alerts",
        needs: &[
            Key("incidentId"),
            Key("serviceSource"),
            Key("detectionSource"),
            Key("title"),
        ],
        time: &["creationTime", "createdDateTime", "lastUpdatedTime"],
    },
    Kind {
        sourcetype: "ms:defender:atp:alerts",
        needs: &[
            Key("machineId"),
            Key("detectionSource"),
            Key("alertCreationTime"),
            Key("title"),
        ],
        time: &["alertCreationTime"],
    },
    Kind {
        sourcetype: "cisco:duo:authentication",
        needs: &[
            Key("txid"),
            Key("factor"),
            Key("access_device.ip"),
            Key("user.name"),
        ],
        time: &["timestamp", "isotimestamp"],
    },
    Kind {
        sourcetype: "ping:pingid",
        needs: &[Key("recorded"), Key("actors{}.name"), Key("result.status")],
        time: &["recorded"],
    },
    Kind {
        sourcetype: "google:gcp:pubsub:message",
        needs: &[
            Holds("data.protoPayload.@type", "google.cloud.audit.auditlog"),
            Key("data.logName"),
        ],
        time: &["data.timestamp", "publish_time"],
    },
    Kind {
        sourcetype: "google:gcp:pubsub:message",
        needs: &[
            Holds("protoPayload.@type", "google.cloud.audit.auditlog"),
            Key("logName"),
        ],
        time: &["timestamp", "receiveTimestamp"],
    },
    Kind {
        sourcetype: "gsuite:drive:json",
        needs: &[Key("parameters.doc_id"), Key("email"), Key("unique_id")],
        time: &["timestamp"],
    },
    Kind {
        sourcetype: "gsuite:gmail:bigquery",
        needs: &[Key("rfc2822_message_id"), Key("flattened_destinations")],
        time: &["timestamp"],
    },
    Kind {
        sourcetype: "github:cloud:audit",
        needs: &[
            Key("_document_id"),
            Key("@timestamp"),
            Key("action"),
            Key("actor"),
        ],
        time: &["@timestamp", "created_at"],
    },
    Kind {
        sourcetype: "aws:firehose:json",
        needs: &[
            Key("action"),
            Key("repository.full_name"),
            Key("sender.login"),
        ],
        time: &["repository.pushed_at"],
    },
    Kind {
        sourcetype: "circleci",
        needs: &[
            Key("build_num"),
            Key("workflows.workflow_id"),
            Key("vcs.revision"),
        ],
        time: &["stop_time", "job_time"],
    },
    Kind {
        sourcetype: "kube:container:falco",
        needs: &[Key("rule"), Key("priority"), Key("output"), Key("time")],
        time: &["time"],
    },
    Kind {
        sourcetype: "CrowdStrike:Event:Streams:JSON",
        needs: &[Key("metadata.customerIDString"), Key("metadata.eventType")],
        time: &["metadata.eventCreationTime"],
    },
    Kind {
        sourcetype: "crowdstrike:identities",
        needs: &[
            Key("riskScore"),
            Key("primaryDisplayName"),
            Key("riskScoreSeverity"),
        ],
        time: &[],
    },
    Kind {
        sourcetype: "suricata",
        needs: &[
            Key("event_type"),
            Key("timestamp"),
            Key("src_ip"),
            Key("proto"),
        ],
        time: &["timestamp"],
    },
    Kind {
        sourcetype: "suricata",
        needs: &[
            Begins("event_type", "stats"),
            Key("timestamp"),
            Key("stats.uptime"),
        ],
        time: &["timestamp"],
    },
    Kind {
        sourcetype: "azure:monitor:aad",
        needs: &[
            Holds("resourceId", "/providers/microsoft.aadiam"),
            Key("time"),
            Key("category"),
        ],
        time: &["time"],
    },
    Kind {
        sourcetype: "mscs:azure:audit",
        needs: &[
            Key("eventTimestamp"),
            Key("subscriptionId"),
            Key("correlationId"),
        ],
        time: &["eventTimestamp"],
    },
    Kind {
        sourcetype: "mscs:azure:eventhub:defender:advancedhunting",
        needs: &[
            Begins("category", "AdvancedHunting-"),
            Key("time"),
            Key("tenantId"),
        ],
        time: &["time"],
    },
    Kind {
        sourcetype: "o365:management:activity",
        needs: &[
            Key("Workload"),
            Key("Operation"),
            Key("RecordType"),
            Key("CreationTime"),
        ],
        time: &["CreationTime"],
    },
    Kind {
        sourcetype: "OktaIM2:log",
        needs: &[
            Key("published"),
            Key("eventType"),
            Key("uuid"),
            Key("actor.id"),
        ],
        time: &["published"],
    },
    Kind {
        sourcetype: GOOGLE,
        needs: &[Begins("kind", "admin#reports#activity"), Key("id.time")],
        time: &["id.time"],
    },
    Kind {
        sourcetype: STREAM,
        needs: &[
            Key("protocol_stack"),
            Key("endtime"),
            Key("timestamp"),
            Key("src_ip"),
        ],
        time: &["timestamp"],
    },
    Kind {
        sourcetype: "osquery:results",
        needs: &[Key("hostIdentifier"), Key("unixTime"), Key("calendarTime")],
        time: &["unixTime"],
    },
    Kind {
        sourcetype: "crowdstrike:events:sensor",
        needs: &[Key("event_simpleName"), Key("aid"), Key("cid")],
        time: &["timestamp"],
    },
    Kind {
        sourcetype: "kube:audit",
        needs: &[
            Begins("apiVersion", "audit.k8s.io/"),
            Key("auditID"),
            Key("verb"),
        ],
        time: &["requestReceivedTimestamp", "stageTimestamp"],
    },
    Kind {
        sourcetype: ZEEK,
        needs: &[Key("ts"), Key("uid"), Key("id.orig_h"), Key("id.resp_h")],
        time: &["ts"],
    },
    Kind {
        sourcetype: ZEEK,
        needs: &[Key("ts"), Key("_path"), Key("_write_ts")],
        time: &["ts"],
    },
    Kind {
        sourcetype: ZEEK,
        needs: &[Key("ts"), Key("fuid")],
        time: &["ts"],
    },
    Kind {
        sourcetype: ZEEK,
        needs: &[Key("ts"), Key("certificate.serial")],
        time: &["ts"],
    },
];

/// Google Workspace: the application follows.
const GOOGLE: &str = "gws:reports";
/// Splunk Stream: the protocol follows.
const STREAM: &str = "stream";
/// Zeek: the log follows.
const ZEEK: &str = "zeek";

impl Need {
    fn holds_in(&self, event: &Event<'_>) -> bool {
        match self {
            Key(key) => event.get(key).is_some(),
            Begins(key, start) => event.get(key).is_some_and(|v| v.starts_with(start)),
            Holds(key, part) => event
                .get(key)
                .is_some_and(|v| v.to_ascii_lowercase().contains(part)),
        }
    }
}

/// Returns the sourcetype and the time of a record, if its product is recognized; `file` is the file's name,
/// from which Zeek's logs get theirs.
pub fn recognise(event: &Event<'_>, file: &str) -> Option<(Cow<'static, str>, Option<i64>)> {
    let kind = KINDS
        .iter()
        .find(|kind| kind.needs.iter().all(|need| need.holds_in(event)))?;
    let time = kind
        .time
        .iter()
        .find_map(|key| timestamp::parse(event.get(key)?, Tz::UTC));
    let sourcetype = match kind.sourcetype {
        GOOGLE => match event.get("id.applicationName") {
            Some(application) => format!("{GOOGLE}:{application}").into(),
            None => GOOGLE.into(),
        },
        // `ip:tcp:http`: the topmost protocol that has a stream of its own.
        STREAM => {
            let stack = event.get("protocol_stack").unwrap_or_default();
            let protocol = stack.rsplit(':').find(|p| !p.is_empty() && *p != "unknown");
            format!("{STREAM}:{}", protocol.unwrap_or("ip")).into()
        }
        ZEEK => {
            let log = event.get("_path").unwrap_or_else(|| zeek_log(file));
            format!("{ZEEK}:{log}:json").into()
        }
        known => known.into(),
    };
    Some((sourcetype, time))
}

/// The log in a Zeek file: `conn` of `logs/conn.12:00:00-13:00:00.log` and `conn_20200801.json`.
pub fn zeek_log(file: &str) -> &str {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let end = base
        .find(|c: char| !(c.is_ascii_alphabetic() || c == '_' || c.is_ascii_digit()))
        .unwrap_or(base.len());
    let name = base[..end].trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    // `x509` itself ends with digits.
    if base.starts_with("x509") {
        "x509"
    } else if name.is_empty() {
        "log"
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::recognise;
    use crate::extract::event::Event;
    use crate::extract::json::{object_fields, record_fields};
    use crate::read::batch::row_events::{Rows, event};

    /// A null is a value in a log's record, as with Splunk's KV_MODE=json, and a missing one in a row.
    #[test]
    fn nulls_are_values_in_logs() {
        let row = r#"{"a":null,"b":[null,"x"],"host":null}"#;
        let log = r#"{"eventVersion":"1","eventTime":"x","eventSource":"iam","eventName":"x","requestParameters":null}"#;
        let seen = |text: &str, log: bool| {
            let rows = Rows {
                zone: chrono_tz::Tz::UTC,
                file: "a.json",
                log,
                unwrap: true,
                trim_braces: false,
                make: event,
            };
            let (event, _) = (rows.make)(record_fields(text).0, text, &rows);
            let fields = event.fields.iter();
            let found: Vec<String> = fields.map(|f| format!("{}={}", f.name, f.value)).collect();
            found.join(" ")
        };
        assert_eq!(seen(row, false), "b{}=x");
        assert_eq!(seen(row, true), "a=null b{}=null b{}=x");
        assert!(seen(log, false).ends_with("requestParameters=null"));
    }

    #[test]
    fn records_tell_their_product_and_time() {
        for (text, file, sourcetype, time) in [
            (
                r#"{"eventVersion":"1.08","eventTime":"1970-01-01T00:00:05Z","eventSource":"iam.amazonaws.com","eventName":"x"}"#,
                "a.json",
                "aws:cloudtrail",
                Some(5_000_000),
            ),
            (
                r#"{"ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"10.0.0.2","id.resp_p":53}"#,
                "logs/dns.10:00:00-11:00:00.log",
                "zeek:dns:json",
                Some(1_500_000),
            ),
            (
                r#"{"_path":"ssl","ts":"1970-01-01T00:00:05Z","_write_ts":"x"}"#,
                "all.json",
                "zeek:ssl:json",
                Some(5_000_000),
            ),
            (
                r#"{"endtime":"1970-01-01T00:00:06Z","timestamp":"1970-01-01T00:00:05Z","src_ip":"10.0.0.1","protocol_stack":"ip:tcp:unknown"}"#,
                "a",
                "stream:tcp",
                Some(5_000_000),
            ),
            (
                r#"{"kind":"admin#reports#activity","id":{"time":"1970-01-01T00:00:05Z","applicationName":"login"}}"#,
                "a",
                "gws:reports:login",
                Some(5_000_000),
            ),
        ] {
            let event = Event {
                fields: object_fields(text).expect("JSON"),
                ..Event::default()
            };
            let (found, at) = recognise(&event, file).expect(sourcetype);
            assert_eq!((found.as_ref(), at), (sourcetype, time));
        }
        let event = Event {
            fields: object_fields(r#"{"ts":1,"uid":5}"#).expect("JSON"),
            ..Event::default()
        };
        assert!(recognise(&event, "conn.log").is_none());
    }
}
