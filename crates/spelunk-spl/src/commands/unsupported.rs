//! Commands unsupported offline, with the reason shown in errors and `list commands`.

/// Names in lower case, and why they are unsupported.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &[
            "awssnsalert",
            "sendalert",
            "sendemail",
            "sendresults",
            "sendslack",
            "snowincident",
            "snoweventstream",
            "snowincidentstream",
            "snowevent",
        ],
        "it sends something to other systems, which a search here never does",
    ),
    (
        &["delete"],
        "a search never removes events; replaying their source again replaces them",
    ),
    (
        &["script", "run", "runshellscript"],
        "it runs a program of the Splunk server",
    ),
    (
        &["geom", "geomfilter"],
        "it draws shapes on maps of Splunk's pages",
    ),
    (
        &[
            "xsdisplayconcept",
            "xscreateddcontext",
            "xscreateudcontext",
            "xsdisplaycontext",
            "xsfindbestconcept",
            "xsfindmembership",
            "xslistconcepts",
            "xslistcontexts",
            "xsupdateddcontext",
            "xswhere",
            "xsaggregateautoregressivecontexts",
        ],
        "it belongs to the Extreme Search app, whose contexts are not there",
    ),
    (
        &["tscollect"],
        "it fills an index file of its own for `tstats FROM <namespace>`; `collect` writes into an index, and `tstats` reads events and data models",
    ),
    (
        &[
            "audit",
            "collapse",
            "dispatch",
            "findkeywords",
            "internalinputcsv",
            "prjob",
            "runshellscripts",
        ],
        "it looks at the work of a Splunk server, or does a part of it",
    ),
    (
        &["dump"],
        "it writes files on a search head; spelunk writes rows with --output",
    ),
    (
        &[
            "cyberchef",
            "base64",
            "decode",
            "jsonformat",
            "kvrecursive",
            "levenshtein",
            "shannon",
            "urlparse",
            "decrypt",
            "jellyfisher",
            "ut_parse_extended",
            "urlparser",
            "lookuptor",
        ],
        "it belongs to an app that adds a program of its own to Splunk",
    ),
    (
        &[
            "abuseipdb",
            "dnsquery",
            "misp",
            "mispgetioc",
            "nslookup",
            "ping",
            "urlscan",
            "virustotal",
            "vt",
            "whois",
            "dnslookup",
            "curl",
            "haveibeenpwned",
            "shodan",
            "greynoise",
        ],
        "it asks a service on the network",
    ),
    (
        &["ai", "aiagent", "llm"],
        "it asks a language model, which is a service or a runtime of its own",
    ),
    (
        &["dbxquery", "dbxlookup", "dbxoutput", "dbinfo"],
        "it asks a database through Splunk DB Connect; export the rows and read them with --data or inputlookup",
    ),
    (
        &[
            "ldapsearch",
            "ldapfetch",
            "ldapfilter",
            "ldapgroup",
            "ldaptestconnection",
        ],
        "it asks a directory server",
    ),
    (
        &[
            "datamodelsimple",
            "expandtoken",
            "identitylookup",
            "entitymerge",
            "inputintelligence",
            "notable",
            "risk",
            "sendmodular",
        ],
        "it belongs to Splunk Enterprise Security, which is not there",
    ),
];

/// Why a command is unsupported. Returns `None` if it is not in the list.
pub fn why_refused(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    REFUSED
        .iter()
        .find(|(names, _)| names.contains(&name.as_str()))
        .map(|(_, why)| *why)
}

/// All unsupported commands, with the reason.
pub fn refused() -> impl Iterator<Item = (&'static str, &'static str)> {
    REFUSED
        .iter()
        .flat_map(|(names, why)| names.iter().map(move |name| (*name, *why)))
}
