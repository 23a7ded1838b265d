//! Faults of knowledge objects as lints: an object that is ignored while everything else works.

use crate::lint::{LintInput, Lint, Severity};
use crate::knowledge::fault::FaultKind;

const DEFAULTS: Lint = Lint {
    code: "",
    name: "",
    severity: Severity::Warning,
    finds: "",
    why: "",
    bad: "",
    good: "",
    by: LintInput::Fault(FaultKind::File),
};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        code: "SPL601",
        name: "unreadable-file",
        finds: "a file of an app or of content that can't be read, or a line of it",
        why: "The line is skipped, or the file where it can't be read at all; the rest of the app works. Splunk warns of \
              such lines when it starts.",
        bad: "# default/macros.conf\n[tariff]\ndefinition = search load>80\nsee the harbour office\n",
        good: "# default/macros.conf\n[tariff]\ndefinition = search load>80\n# see the harbour office\n",
        by: LintInput::Fault(FaultKind::File),
        ..DEFAULTS
    },
    Lint {
        code: "SPL602",
        name: "faulty-macro",
        finds: "a macro without a definition, or whose number of arguments differs from its stanza's name",
        why: "A call of a macro without a definition fails. Arguments that have no name, and names that have no argument, \
              are ignored (`macros.conf.spec`).",
        bad: "# default/macros.conf\n[full_ships]\nargs = harbour\ndefinition = search harbour=$harbour$ load>80\n",
        good: "# default/macros.conf\n[full_ships(1)]\nargs = harbour\ndefinition = search harbour=$harbour$ load>80\n",
        by: LintInput::Fault(FaultKind::Macro),
        ..DEFAULTS
    },
    Lint {
        code: "SPL603",
        name: "faulty-lookup",
        finds: "a lookup whose table is missing or can't be read, or whose definition has no meaning",
        why: "A search that names the lookup fails; automatic lookups fill no fields.",
        bad: "# default/transforms.conf\n[harbours]\nfilename = harbours_900.csv\n# lookups/harbours_910.csv\ncode,town\nN1,Norra\n",
        good: "# default/transforms.conf\n[harbours]\nfilename = harbours_910.csv\n# lookups/harbours_910.csv\ncode,town\nN1,Norra\n",
        by: LintInput::Fault(FaultKind::Lookup),
        ..DEFAULTS
    },
    Lint {
        code: "SPL604",
        name: "faulty-field-rule",
        finds: "an `EXTRACT`, `REPORT`, `FIELDALIAS`, `EVAL` or `LOOKUP` that can't be applied",
        why: "The rule is switched off: its fields are missing in all events it is for, and searches that need them find \
              nothing.",
        bad: "# default/props.conf\n[ferry:log]\nEVAL-full = if(load>80, \"yes\"\n",
        good: "# default/props.conf\n[ferry:log]\nEVAL-full = if(load>80, \"yes\", \"no\")\n",
        by: LintInput::Fault(FaultKind::FieldRule),
        ..DEFAULTS
    },
    Lint {
        code: "SPL605",
        name: "faulty-index-rule",
        finds: "a `TRANSFORMS`, `RULESET` or `SEDCMD` that can't be applied",
        why: "The rule changes nothing: events keep the index, host, source and text they arrive with.",
        bad: "# default/props.conf\n[ferry:log]\nTRANSFORMS-route = to_harbour\n",
        good: "# default/props.conf\n[ferry:log]\nTRANSFORMS-route = to_harbour\n# default/transforms.conf\n[to_harbour]\n\
               REGEX = harbour=(\\w+)\nDEST_KEY = MetaData:Host\nFORMAT = host::$1\n",
        by: LintInput::Fault(FaultKind::IndexRule),
        ..DEFAULTS
    },
    Lint {
        code: "SPL606",
        name: "faulty-setting",
        finds: "a setting whose value has no meaning",
        why: "The setting keeps its default. A number is read as far as it is one: `10 # ten` is 10.",
        bad: "# default/props.conf\n[ferry:log]\nTZ = PDT\n",
        good: "# default/props.conf\n[ferry:log]\nTZ = America/Los_Angeles\n",
        by: LintInput::Fault(FaultKind::Setting),
        ..DEFAULTS
    },
    Lint {
        code: "SPL607",
        name: "faulty-stanza",
        finds: "a `[source::...]` or `[host::...]` stanza whose pattern can't be read",
        why: "The stanza matches nothing. In these patterns `...` and `*` are wildcards, and the rest is a regular expression \
              in which a backslash has to be doubled.",
        bad: "# default/props.conf\n[source::(gate|toll.log]\nEVAL-line = \"south\"\n",
        good: "# default/props.conf\n[source::(gate|toll).log]\nEVAL-line = \"south\"\n",
        by: LintInput::Fault(FaultKind::Stanza),
        ..DEFAULTS
    },
    Lint {
        code: "SPL608",
        name: "faulty-event-type",
        finds: "an event type whose search can't be read, or that names itself",
        why: "The event type is switched off, and with it the tags and data models that need it. Where it names itself, \
              directly or through others, that reference never holds.",
        bad: "# default/eventtypes.conf\n[full_ship]\nsearch = load>80 OR eventtype=full_ship\n",
        good: "# default/eventtypes.conf\n[full_ship]\nsearch = load>80\n",
        by: LintInput::Fault(FaultKind::EventType),
        ..DEFAULTS
    },
    Lint {
        code: "SPL609",
        name: "faulty-model",
        finds: "a data model that can't be read, or a constraint or a calculation of one",
        why: "A data set with a faulty constraint can't be searched; a faulty calculation leaves its field out.",
        bad: "# default/data/models/Ferries.json\n{\"modelName\": \"Ferries\", \"objects\": [{\"objectName\": \"Trips\",\n\
              \"parentName\": \"BaseEvent\", \"constraints\": [{\"search\": \"sourcetype=(\"}]}]}\n",
        good: "# default/data/models/Ferries.json\n{\"modelName\": \"Ferries\", \"objects\": [{\"objectName\": \"Trips\",\n\
               \"parentName\": \"BaseEvent\", \"constraints\": [{\"search\": \"sourcetype=ferry:log\"}]}]}\n",
        by: LintInput::Fault(FaultKind::Model),
        ..DEFAULTS
    },
    Lint {
        code: "SPL610",
        name: "faulty-detection",
        finds: "a value in the metadata or the tests of a detection that can't be read",
        why: "The value is ignored and the search runs; what depends on the value, such as a test, may not.",
        bad: "name: Full Ships\nid: 6f3c7a52-5a0e-4a57-9f59-0d1f4c9f7a11\nsearch: '| makeresults'\ntests:\n- name: True Positive\n  \
              attack_data:\n  - data: ferries.log\n    update_timestamp: trues\n",
        good: "name: Full Ships\nid: 6f3c7a52-5a0e-4a57-9f59-0d1f4c9f7a11\nsearch: '| makeresults'\ntests:\n- name: True Positive\n  \
               attack_data:\n  - data: ferries.log\n    update_timestamp: true\n",
        by: LintInput::Fault(FaultKind::Detection),
        ..DEFAULTS
    },
];
