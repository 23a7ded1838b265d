//! Amazon VPC flow logs with a header, which every log in a custom format has: the columns are those of the
//! header, in its order. (Amazon VPC User Guide, "Flow log records".)

use std::borrow::Cow;

use crate::error::Result;
use crate::extract::event::{Event, EventSink, Field};
use crate::read::input::buffer::Input;
use crate::read::input::decode::text_of;
use crate::time::timestamp;

const SOURCETYPE: &str = "aws:cloudwatchlogs:vpcflow";

/// Names of columns, and of the fields that they become: columns of the default format get the names that the
/// sourcetype's field rules give them.
const COLUMNS: &[(&str, &str)] = &[
    ("version", "version"),
    ("account-id", "account_id"),
    ("interface-id", "interface_id"),
    ("srcaddr", "src_ip"),
    ("dstaddr", "dest_ip"),
    ("srcport", "src_port"),
    ("dstport", "dest_port"),
    ("protocol", "protocol_code"),
    ("packets", "packets"),
    ("bytes", "bytes"),
    ("start", "start_time"),
    ("end", "end_time"),
    ("action", "vpcflow_action"),
    ("log-status", "log_status"),
    ("vpc-id", "vpc_id"),
    ("subnet-id", "subnet_id"),
    ("instance-id", "instance_id"),
    ("tcp-flags", "tcp_flags"),
    ("type", "type"),
    ("pkt-srcaddr", "pkt_srcaddr"),
    ("pkt-dstaddr", "pkt_dstaddr"),
    ("region", "region"),
    ("az-id", "az_id"),
    ("sublocation-type", "sublocation_type"),
    ("sublocation-id", "sublocation_id"),
    ("pkt-src-aws-service", "pkt_src_aws_service"),
    ("pkt-dst-aws-service", "pkt_dst_aws_service"),
    ("flow-direction", "flow_direction"),
    ("traffic-path", "traffic_path"),
    ("ecs-cluster-arn", "ecs_cluster_arn"),
    ("ecs-cluster-name", "ecs_cluster_name"),
    ("ecs-container-instance-arn", "ecs_container_instance_arn"),
    ("ecs-container-instance-id", "ecs_container_instance_id"),
    ("ecs-container-id", "ecs_container_id"),
    ("ecs-second-container-id", "ecs_second_container_id"),
    ("ecs-service-name", "ecs_service_name"),
    ("ecs-task-definition-arn", "ecs_task_definition_arn"),
    ("ecs-task-arn", "ecs_task_arn"),
    ("ecs-task-id", "ecs_task_id"),
    ("reject-reason", "reject_reason"),
    ("resource-id", "resource_id"),
    ("encryption-status", "encryption_status"),
];

/// Whether a file with this head is such a log.
pub fn looks_like(head: &str) -> bool {
    let first = head.lines().find(|line| !line.trim().is_empty());
    first.is_some_and(|line| header(line).is_some())
}

/// Returns the fields for a header's columns, or `None` if the line is not a header: it contains only such
/// column names, including an address or an interface.
fn header(line: &str) -> Option<Vec<&'static str>> {
    let known = |word: &str| COLUMNS.iter().find(|(column, _)| *column == word);
    let found: Option<Vec<_>> = line.split_ascii_whitespace().map(known).collect();
    let fields: Vec<&str> = found?.into_iter().map(|(_, field)| *field).collect();
    let tells = ["src_ip", "dest_ip", "interface_id", "pkt_srcaddr"];
    (fields.len() >= 3 && fields.iter().any(|f| tells.contains(f))).then_some(fields)
}

/// Reads all records.
///
/// # Errors
/// Returns an error of the input or the sink.
pub fn read(input: &mut Input<'_>, sink: &mut dyn EventSink) -> Result<()> {
    let mut columns = Vec::new();
    while let Some(line) = input.line() {
        let number = line.number;
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        if line.too_long {
            sink.bad(number, "longer than 64 MiB: cut there");
        }
        let text = text_of(line.bytes, number, sink);
        if let Some(found) = header(&text) {
            columns = found;
            continue;
        }
        let values = text.split_ascii_whitespace();
        if values.clone().count() != columns.len() {
            sink.bad(number, "not as many values as the header has names");
        }
        // A dash means that the record has no value.
        let fields: Vec<Field<'_>> = columns
            .iter()
            .zip(values)
            .filter(|(_, value)| *value != "-")
            .map(|(name, value)| Field::text(*name, value))
            .collect();
        let mut event = Event {
            raw: Cow::Borrowed(&text),
            sourcetype: Some(Cow::Borrowed(SOURCETYPE)),
            fields,
            ..Event::default()
        };
        let time = event.get("start_time").or(event.get("end_time"));
        event.time = time.and_then(timestamp::epoch);
        sink.event(&event)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{looks_like, read};
    use crate::read::collect::Collect;
    use crate::read::input::buffer::Input;

    #[test]
    fn a_header_gives_the_order_of_the_columns() {
        let text = "dstaddr srcaddr vpc-id start\n10.0.0.2 10.0.0.1 vpc-1 5\n- 10.0.0.1 vpc-1\n\
            start action interface-id\n6 ACCEPT eni-1\n";
        assert!(looks_like(text));
        let mut bytes = text.as_bytes();
        let mut input = Input::new(Path::new("x.log"), &mut bytes);
        let mut seen = Collect::default();
        read(&mut input, &mut seen).expect("readable");
        assert_eq!(
            seen.shown(),
            [
                "Some(5000000) dest_ip=10.0.0.2|src_ip=10.0.0.1|vpc_id=vpc-1|start_time=5",
                "None src_ip=10.0.0.1|vpc_id=vpc-1",
                "Some(6000000) start_time=6|vpcflow_action=ACCEPT|interface_id=eni-1",
            ]
        );
        assert_eq!(seen.bad_lines(), [3]);
        for other in ["start action end", "srcaddr", "the srcaddr is x", ""] {
            assert!(!looks_like(other), "{other}");
        }
    }
}
