//! The result of `why` as JSON.

use serde_json::{Map, Value, json};

use crate::detect::why::{Counted, Filter, Why};

/// One object: `steps` (command, rows), `lost` (the number of the command, from 1), `filters`, `notes`,
/// `searched`.
pub fn json(why: &Why) -> Value {
    let steps = why.steps.iter();
    json!({
        "searched": why.searched,
        "steps": steps.map(|s| json!({"command": s.command, "rows": s.rows})).collect::<Vec<_>>(),
        "lost": why.lost.map(|at| at + 1),
        "filters": why.filters.iter().map(filter).collect::<Vec<_>>(),
        "notes": why.notes,
    })
}

fn filter(filter: &Filter) -> Value {
    let near = filter.near.iter().map(|n| {
        json!({"term": n.term, "field": n.field, "value": n.value, "rows": n.rows, "differs": n.differs})
    });
    let values = filter.values.iter().map(|(field, values)| {
        let each = values.iter().map(|(v, n)| json!({"value": v, "rows": n}));
        (field.clone(), Value::Array(each.collect()))
    });
    let misses = filter.misses.iter().map(|miss| {
        let fields = miss.fields.iter().map(|(f, v)| (f.clone(), json!(v)));
        let failing = miss.failing.iter();
        let failing =
            failing.map(|f| json!({"term": f.term, "field": f.field, "alternatives": f.others}));
        json!({
            "short": miss.short,
            "rows": miss.like,
            "fields": fields.collect::<Map<_, _>>(),
            "failing": failing.collect::<Vec<_>>(),
        })
    });
    let nowhere = filter.nowhere.iter();
    json!({
        "command": filter.step + 1,
        "over": filter.over,
        "rows": filter.rows,
        "pass": filter.pass,
        "tree": part(&filter.tree),
        "no_row_has": nowhere.map(|(f, near)| json!({"field": f, "near": near})).collect::<Vec<_>>(),
        "written_otherwise": near.collect::<Vec<_>>(),
        "values": values.collect::<Map<_, _>>(),
        "nearest_misses": misses.collect::<Vec<_>>(),
    })
}

fn part(counted: &Counted) -> Value {
    let mut object = json!({"pass": counted.pass});
    if counted.term {
        object["term"] = json!(counted.text);
    } else {
        let key = counted.text.split(' ').next().unwrap_or_default();
        object[key] = counted.parts.iter().map(part).collect();
    }
    if let Some(so_far) = counted.so_far {
        object["so_far"] = json!(so_far);
    }
    if let Some(alone) = counted.alone {
        object["only"] = json!(alone);
    }
    object
}
