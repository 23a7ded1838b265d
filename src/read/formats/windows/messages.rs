//! Maps English messages of Windows events back to their fields: classic text has messages instead of `<Data
//! Name='X'>`.

/// Lines of messages: heading (empty: any), name, and the name of the data.
const LINES: &[(&str, &str, &str)] = &[
    ("Subject", "Security ID", "SubjectUserSid"),
    ("Subject", "Account Name", "SubjectUserName"),
    ("Subject", "Account Domain", "SubjectDomainName"),
    ("Subject", "Logon ID", "SubjectLogonId"),
    ("Creator Subject", "Security ID", "SubjectUserSid"),
    ("Creator Subject", "Account Name", "SubjectUserName"),
    ("Creator Subject", "Account Domain", "SubjectDomainName"),
    ("Creator Subject", "Logon ID", "SubjectLogonId"),
    ("", "Security ID", "TargetUserSid"),
    ("", "Account Name", "TargetUserName"),
    ("", "Account Domain", "TargetDomainName"),
    ("", "Logon ID", "TargetLogonId"),
    ("Member", "Security ID", "MemberSid"),
    ("Member", "Account Name", "MemberName"),
    ("Group", "Security ID", "TargetSid"),
    ("", "Group Name", "TargetUserName"),
    ("", "Group Domain", "TargetDomainName"),
    ("New Logon", "Logon GUID", "LogonGuid"),
    ("", "Logon Type", "LogonType"),
    ("", "Logon Process", "LogonProcessName"),
    ("", "Authentication Package", "AuthenticationPackageName"),
    ("", "Package Name (NTLM only)", "LmPackageName"),
    ("", "Key Length", "KeyLength"),
    ("", "Impersonation Level", "ImpersonationLevel"),
    ("", "Elevated Token", "ElevatedToken"),
    ("", "Workstation Name", "WorkstationName"),
    ("", "Source Workstation", "Workstation"),
    ("", "Source Network Address", "IpAddress"),
    ("", "Network Address", "IpAddress"),
    ("Network Information", "Client Address", "IpAddress"),
    ("Network Information", "Client Port", "IpPort"),
    ("Network Information", "Source Address", "IpAddress"),
    ("Network Information", "Source Port", "IpPort"),
    ("", "Port", "IpPort"),
    ("", "New Process ID", "NewProcessId"),
    ("", "New Process Name", "NewProcessName"),
    ("", "Token Elevation Type", "TokenElevationType"),
    ("", "Mandatory Label", "MandatoryLabel"),
    ("", "Creator Process ID", "ProcessId"),
    ("", "Creator Process Name", "ParentProcessName"),
    ("", "Process Command Line", "CommandLine"),
    ("", "Process ID", "ProcessId"),
    ("", "Process Name", "ProcessName"),
    ("", "Caller Process ID", "ProcessId"),
    ("", "Caller Process Name", "ProcessName"),
    ("", "Failure Reason", "FailureReason"),
    ("", "Sub Status", "SubStatus"),
    ("", "Exit Status", "Status"),
    ("", "Error Code", "Status"),
    ("", "Result Code", "Status"),
    ("", "Failure Code", "Status"),
    ("", "Ticket Options", "TicketOptions"),
    ("", "Ticket Encryption Type", "TicketEncryptionType"),
    ("", "Pre-Authentication Type", "PreAuthType"),
    ("", "Service Name", "ServiceName"),
    ("Service Information", "Service ID", "ServiceSid"),
    ("", "Service File Name", "ServiceFileName"),
    ("", "Service Type", "ServiceType"),
    ("", "Service Start Type", "ServiceStartType"),
    ("", "Service Account", "ServiceAccount"),
    ("", "Object Server", "ObjectServer"),
    ("", "Object Type", "ObjectType"),
    ("", "Object Name", "ObjectName"),
    ("", "Object Value Name", "ObjectValueName"),
    ("", "Handle ID", "HandleId"),
    ("", "Access Mask", "AccessMask"),
    ("", "Accesses", "AccessList"),
    ("", "Share Name", "ShareName"),
    ("", "Share Path", "ShareLocalPath"),
    ("", "Relative Target Name", "RelativeTargetName"),
    ("", "Task Name", "TaskName"),
    ("", "Task Content", "TaskContent"),
    ("", "Privileges", "PrivilegeList"),
    ("", "Sam Account Name", "SamAccountName"),
    ("", "SAM Account Name", "SamAccountName"),
    ("", "User Principal Name", "UserPrincipalName"),
    ("", "Old Account Name", "OldTargetUserName"),
    ("", "New Account Name", "NewTargetUserName"),
];

/// Returns the data name for a message line under a heading, if it is known.
pub fn data_name(heading: &str, name: &str) -> Option<&'static str> {
    let find = |heading: &str| {
        LINES
            .iter()
            .find(|(h, n, _)| *h == heading && *n == name)
            .map(|(_, _, data)| *data)
    };
    find(heading).or_else(|| find(""))
}

/// Messages whose data are not named lines: the event's number and the message, in which `{X}` is the data
/// named X. It ends at the first occurrence of the text that follows; `{X...}`, which may contain anything,
/// at the last.
const TEMPLATES: &[(&str, &str)] = &[(
    "4104",
    "Creating Scriptblock text ({MessageNumber} of {MessageTotal}):\n{ScriptBlockText...}\n\nScriptBlock ID: {ScriptBlockId}\nPath: {Path}",
)];

/// Returns the data of a message with a known template, or `None` if it does not match.
pub fn template_data<'a>(event_id: &str, message: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    TEMPLATES
        .iter()
        .filter(|(id, _)| *id == event_id)
        .find_map(|(_, template)| fit(template, message))
}

fn fit<'a>(template: &'static str, message: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut parts = template.split('{');
    let mut rest = message.strip_prefix(parts.next()?)?;
    let mut found = Vec::new();
    for (name, after) in parts.filter_map(|part| part.split_once('}')) {
        // The blank at the end of a line may have been trimmed.
        let (end, length) = match name.strip_suffix("...") {
            _ if after.is_empty() => (rest.len(), 0),
            Some(_) => (rest.rfind(after)?, after.len()),
            None => match rest.find(after) {
                Some(end) => (end, after.len()),
                None => (rest.find(after.trim_end())?, after.trim_end().len()),
            },
        };
        found.push((name.trim_end_matches("..."), &rest[..end]));
        rest = &rest[end + length..];
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::{data_name, template_data};

    #[test]
    fn headings_decide_whose_account_it_is() {
        assert_eq!(
            data_name("Subject", "Account Name"),
            Some("SubjectUserName")
        );
        assert_eq!(
            data_name("New Logon", "Account Name"),
            Some("TargetUserName")
        );
        assert_eq!(data_name("x", "Colour"), None);
    }

    #[test]
    fn a_script_block_is_taken_out_of_its_message() {
        let message = "Creating Scriptblock text (1 of 2):\na (x of y):\n\nb\n\nScriptBlock ID: 5a\nPath: C:\\x.ps1";
        assert_eq!(
            template_data("4104", message),
            Some(vec![
                ("MessageNumber", "1"),
                ("MessageTotal", "2"),
                ("ScriptBlockText", "a (x of y):\n\nb"),
                ("ScriptBlockId", "5a"),
                ("Path", "C:\\x.ps1"),
            ])
        );
        let without = "Creating Scriptblock text (1 of 1):\nb\n\nScriptBlock ID: 5a\nPath:";
        assert_eq!(
            template_data("4104", without).map(|d| d[4]),
            Some(("Path", ""))
        );
        assert_eq!(template_data("4104", "other"), None);
    }
}
