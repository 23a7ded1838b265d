//! What the shipped mapping of Windows events gives, and what an add-on of the user's does to it. All events are
//! invented.

use crate::drive::Place;

/// A Sysmon event as Splunk's input for event logs writes it.
fn sysmon(id: u32, data: &[(&str, &str)]) -> String {
    let data: String = data
        .iter()
        .map(|(name, value)| format!("<Data Name='{name}'>{value}</Data>"))
        .collect();
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
         <Provider Name='Microsoft-Windows-Sysmon' Guid='{{5770385F-C22A-43E0-BF4C-06F5698FFBD9}}'/>\
         <EventID>{id}</EventID><TimeCreated SystemTime='2024-02-03T04:05:06.7Z'/>\
         <EventRecordID>7</EventRecordID><Execution ProcessID='31' ThreadID='32'/>\
         <Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>PIER-3</Computer>\
         </System><EventData>{data}</EventData></Event>\n"
    )
}

/// The rows of a search over `file`, one JSON object each.
fn rows(place: &Place, file: &str, more: &[&str], spl: &str) -> String {
    let mut args = vec!["search", "--data", file, "--format", "ndjson"];
    args.extend(more);
    args.push(spl);
    place.run(&args).fine().out.clone()
}

fn models(place: &Place, file: &str, fields: &str) -> String {
    let (model, fields) = fields.split_once(' ').expect("a data set and fields");
    let dataset = model.split_once('.').expect("model.dataset").1;
    let by = fields
        .split(' ')
        .map(|field| format!("{dataset}.{field}"))
        .collect::<Vec<_>>()
        .join(" ");
    rows(
        place,
        file,
        &[],
        &format!(
            "| tstats count from datamodel={model} by {by} | rename {dataset}.* AS * | fields - count"
        ),
    )
}

#[test]
fn acts_of_processes_are_rows_of_processes() {
    let place = Place::new();
    place.write(
        "s.xml",
        [
            sysmon(
                5,
                &[
                    ("ProcessId", "44"),
                    ("Image", r"C:\dock\crane.exe"),
                    ("User", r"PIER\ada"),
                ],
            ),
            sysmon(
                7,
                &[
                    ("ProcessId", "44"),
                    ("Image", r"C:\dock\crane.exe"),
                    ("ImageLoaded", r"C:\dock\hook.dll"),
                    ("User", "-"),
                ],
            ),
            sysmon(
                10,
                &[
                    ("SourceProcessId", "1"),
                    ("SourceImage", r"C:\a.exe"),
                    ("TargetProcessId", "2"),
                    ("TargetImage", r"C:\b.exe"),
                ],
            ),
        ]
        .concat(),
    );
    assert_eq!(
        models(
            &place,
            "s.xml",
            "Endpoint.Processes process_name process_id parent_process_name user process action"
        ),
        concat!(
            r#"{"process_name":"b.exe","process_id":"2","parent_process_name":"a.exe","user":"unknown","process":"unknown","action":"allowed"}"#,
            "\n",
            r#"{"process_name":"crane.exe","process_id":"44","parent_process_name":"unknown","user":"ada","process":"C:\\dock\\crane.exe","action":"blocked"}"#,
            "\n",
            r#"{"process_name":"crane.exe","process_id":"44","parent_process_name":"unknown","user":"unknown","process":"unknown","action":"success"}"#,
            "\n",
        )
    );
}

#[test]
fn keys_values_and_hives_of_the_registry() {
    let place = Place::new();
    let set = |object: &str, details: &str| {
        sysmon(
            13,
            &[
                ("EventType", "SetValue"),
                ("TargetObject", object),
                ("Details", details),
            ],
        )
    };
    place.write(
        "s.xml",
        [
            set(r"HKLM\SOFTWARE\Dock\Crane\Load", "DWORD (0x00000005)"),
            set(r"HKU\S-1-5-21-7\Software\Dock\Name", "north"),
            sysmon(
                12,
                &[
                    ("EventType", "DeleteKey"),
                    ("TargetObject", r"HKLM\System\Dock\Gate"),
                ],
            ),
        ]
        .concat(),
    );
    assert_eq!(
        models(
            &place,
            "s.xml",
            "Endpoint.Registry registry_hive registry_key_name registry_value_data action"
        ),
        concat!(
            r#"{"registry_hive":"HKEY_CURRENT_USER","registry_key_name":"Dock","registry_value_data":"north","action":"modified"}"#,
            "\n",
            r#"{"registry_hive":"HKEY_LOCAL_MACHINE\\\\Software","registry_key_name":"Crane","registry_value_data":"0x00000005","action":"modified"}"#,
            "\n",
            r#"{"registry_hive":"HKEY_LOCAL_MACHINE\\\\System","registry_key_name":"Gate","registry_value_data":"unknown","action":"deleted"}"#,
            "\n",
        )
    );
}

#[test]
fn a_file_that_existed_before_is_modified() {
    let place = Place::new();
    let file = |name: &str, created: &str| {
        sysmon(
            11,
            &[
                ("UtcTime", "2024-02-03 04:05:06.7"),
                ("CreationUtcTime", created),
                ("TargetFilename", name),
            ],
        )
    };
    place.write(
        "s.xml",
        [
            file(r"C:\dock\new.txt", "2024-02-03 04:05:06.7"),
            file(r"C:\dock\old.txt", "2023-01-01 00:00:00.0"),
        ]
        .concat(),
    );
    assert_eq!(
        models(&place, "s.xml", "Endpoint.Filesystem file_name action"),
        "{\"file_name\":\"new.txt\",\"action\":\"created\"}\n{\"file_name\":\"old.txt\",\"action\":\"modified\"}\n"
    );
}

/// An add-on that maps Sysmon with other fields, and an app with an extraction only.
fn place_with_apps() -> Place {
    let place = Place::new();
    let event = sysmon(
        1,
        &[
            ("ProcessId", "44"),
            ("Image", r"C:\dock\crane.exe"),
            ("CommandLine", "crane -up"),
        ],
    );
    place.write("s.xml", event);
    place.write(
        "addon/default/props.conf",
        "[source::XmlWinEventLog:Microsoft-Windows-Sysmon/Operational]\nEVAL-process_path = \"from the add-on\"\n",
    );
    place.write(
        "addon/default/eventtypes.conf",
        "[dock_event]\nsearch = EventCode=1\n",
    );
    place.write(
        "addon/default/tags.conf",
        "[eventtype=dock_event]\nnetwork = enabled\ncommunicate = enabled\n",
    );
    place.write(
        "own/default/props.conf",
        "[source::XmlWinEventLog:Microsoft-Windows-Sysmon/Operational]\nEVAL-load = 5\n",
    );
    place
}

#[test]
fn an_add_on_replaces_the_shipped_mapping_of_its_source() {
    let place = place_with_apps();
    let spl = "* | table process_path process_name vendor_product load eventtype";
    assert_eq!(
        rows(&place, "s.xml", &["--app", "addon"], spl),
        "{\"process_path\":\"from the add-on\",\"vendor_product\":\"Microsoft Windows\",\"eventtype\":\"dock_event\"}\n",
        "the shipped rules of the sourcetype stay"
    );
    let count = "| tstats count from datamodel=Endpoint.Processes";
    assert_eq!(
        rows(&place, "s.xml", &["--app", "addon"], count),
        "{\"count\":0}\n"
    );
    assert_eq!(rows(&place, "s.xml", &[], count), "{\"count\":1}\n");
}

#[test]
fn an_app_without_tags_adds_to_the_shipped_mapping() {
    let place = place_with_apps();
    assert_eq!(
        rows(
            &place,
            "s.xml",
            &["--app", "own"],
            "* | table process_path load eventtype"
        ),
        "{\"process_path\":\"C:\\\\dock\\\\crane.exe\",\"load\":5,\"eventtype\":\"ms-sysmon-process\"}\n"
    );
}

#[test]
fn shipped_apps_can_be_left_out() {
    let place = place_with_apps();
    assert_eq!(
        rows(
            &place,
            "s.xml",
            &["--no-shipped-apps", "--app", "own"],
            "* | table Image process_path load eventtype"
        ),
        "{\"Image\":\"C:\\\\dock\\\\crane.exe\",\"load\":5}\n"
    );
    place
        .run(&[
            "search",
            "--data",
            "s.xml",
            "--no-shipped-apps",
            "| tstats count from datamodel=Endpoint.Processes",
        ])
        .fails(1, &["Endpoint"]);
}
