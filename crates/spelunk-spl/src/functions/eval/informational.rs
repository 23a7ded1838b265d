//! "Informational functions". Text that reads as a number counts as a number.

use crate::functions::eval::args::{returns_bool, returns_number, returns_text};
use crate::functions::json::container;
use crate::functions::{Body, EvalFunction, Group, Special};
use crate::value::Value;

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "cluster",
        synopsis: "cluster(<field>, <threshold>, <match>, <delims>)",
        arity: (1, 4),
        returns: returns_number,
        doc: "A number for the cluster of similar events that the event belongs to.",
        example: ("cluster(\"text\")", ""),
        body: Body::Refused("its result depends on the preceding events; use the cluster command"),
        ..ROW
    },
    EvalFunction {
        name: "getfields",
        synopsis: "getfields(<filter>)",
        arity: (0, 1),
        returns: returns_text,
        doc: "A JSON object of the fields of the row whose names match the pattern with *; all without one.",
        example: ("getfields(\"no_such_*\")", "{}"),
        body: Body::Special(Special::GetFields),
        ..ROW
    },
    EvalFunction {
        name: "isarray",
        synopsis: "isarray(<value>)",
        doc: "Whether the value is a JSON array.",
        example: ("if(isarray(\"[1, 2]\"), \"True\", \"False\")", "True"),
        body: Body::Values(|_, args| Ok(Value::Bool(holds(&args[0], serde_json::Value::is_array)))),
        ..ROW
    },
    EvalFunction {
        name: "isbool",
        synopsis: "isbool(<value>)",
        doc: "Whether the value is a Boolean: a comparison is, a field is not.",
        example: ("if(isbool(1==2), \"True\", \"False\")", "True"),
        body: Body::Values(|_, args| Ok(Value::Bool(matches!(args[0], Value::Bool(_))))),
        ..ROW
    },
    EvalFunction {
        name: "isdouble",
        synopsis: "isdouble(<value>)",
        doc: "Whether the value is a number with decimals.",
        example: ("if(isdouble(3.546), \"True\", \"False\")", "True"),
        body: Body::Values(|_, args| {
            let fraction = args[0].as_number().is_some_and(|n| n.fract() != 0.0);
            Ok(Value::Bool(fraction))
        }),
        ..ROW
    },
    EvalFunction {
        name: "isint",
        synopsis: "isint(<value>)",
        doc: "Whether the value is a whole number.",
        example: ("if(isint(7.5), \"int\", \"not int\")", "not int"),
        body: Body::Values(|_, args| {
            let whole = args[0].as_number().is_some_and(|n| n.fract() == 0.0);
            Ok(Value::Bool(whole))
        }),
        ..ROW
    },
    EvalFunction {
        name: "ismv",
        synopsis: "ismv(<value>)",
        doc: "Whether there are several values.",
        example: (
            "if(ismv(split(\"a,b\", \",\")), \"True\", \"False\")",
            "True",
        ),
        body: Body::Values(|_, args| Ok(Value::Bool(args[0].count() > 1))),
        ..ROW
    },
    EvalFunction {
        name: "isnotnull",
        synopsis: "isnotnull(<value>)",
        doc: "Whether there is a value.",
        example: ("if(isnotnull(\"\"), \"value\", \"null\")", "value"),
        body: Body::Values(|_, args| Ok(Value::Bool(!args[0].is_null()))),
        ..ROW
    },
    EvalFunction {
        name: "isnull",
        synopsis: "isnull(<value>)",
        doc: "Whether the value is null.",
        example: ("if(isnull(null()), \"null\", \"value\")", "null"),
        body: Body::Values(|_, args| Ok(Value::Bool(args[0].is_null()))),
        ..ROW
    },
    EvalFunction {
        name: "isnum",
        synopsis: "isnum(<value>)",
        doc: "Whether the value is a number or a text that can be read as a number.",
        example: ("if(isnum(7), \"num\", \"text\")", "num"),
        body: Body::Values(|_, args| Ok(Value::Bool(args[0].as_number().is_some()))),
        ..ROW
    },
    EvalFunction {
        name: "isobject",
        synopsis: "isobject(<value>)",
        doc: "Whether the value is a JSON object.",
        example: ("if(isobject(\"{}\"), \"True\", \"False\")", "True"),
        body: Body::Values(|_, args| {
            Ok(Value::Bool(holds(&args[0], serde_json::Value::is_object)))
        }),
        ..ROW
    },
    EvalFunction {
        name: "isstr",
        synopsis: "isstr(<value>)",
        doc: "Whether the value is a text that cannot be read as a number.",
        example: ("if(isstr(\"a\"), \"text\", \"num\")", "text"),
        body: Body::Values(|_, args| {
            let text = matches!(args[0], Value::Text(_)) && args[0].as_number().is_none();
            Ok(Value::Bool(text))
        }),
        ..ROW
    },
    EvalFunction {
        name: "typeof",
        synopsis: "typeof(<value>)",
        returns: returns_text,
        doc: "Name of the type: Number, String, Bool, Multivalue, Invalid for a missing field.",
        example: ("typeof(12).\" \".typeof(\"string\")", "Number String"),
        body: Body::Values(|_, args| Ok(Value::text(type_name(&args[0])))),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    returns: returns_bool,
    ..EvalFunction::under(Group::Informational)
};

fn holds(value: &Value<'_>, kind: fn(&serde_json::Value) -> bool) -> bool {
    matches!(value, Value::Text(text) if container(text).as_ref().is_some_and(kind))
}

fn type_name(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "Invalid",
        Value::Bool(_) => "Bool",
        Value::Num(_) => "Number",
        Value::Text(_) if value.as_number().is_some() => "Number",
        Value::Text(_) => "String",
        Value::Multi(_) => "Multivalue",
    }
}
