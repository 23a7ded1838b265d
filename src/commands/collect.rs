//! `collect`: writes the rows into an index as events.

use std::sync::Arc;

use crate::commands::addinfo::Info;
use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::effects::{Effect, EventsEffect};
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::time::strftime;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "collect",
    category: Category::Combining,
    synopsis: "collect index=<index> [addtime=<bool>] [addinfo=<bool>] [marker=<text>] [output_format=raw|hec] [testmode=<bool>] [source=<text>] [sourcetype=<text>] [host=<text>] [timeformat=<format>]",
    options: &[
        ("index", "", "the index that gets the events"),
        ("addtime", "true", "writes the time at the beginning of an event that is made of fields"),
        ("addinfo", "true", "writes info_min_time, info_max_time and info_search_time into it"),
        ("marker", "", "a text of the form name=value that is written into each event"),
        ("output_format", "raw", "how an event is made of fields: raw writes name=value, hec JSON"),
        ("testmode", "false", "writes nothing: gives the events as rows"),
        ("source", "collect", "their source"),
        ("sourcetype", "stash", "their sourcetype; stash_hec for hec"),
        ("host", "localhost", "their host"),
        ("timeformat", "%m/%d/%Y %H:%M:%S %z", "how the time is written"),
        ("file", "", "accepted: the store names its files itself"),
        ("spool", "true", "accepted"),
        ("uselb", "true", "accepted"),
        ("run_in_preview", "false", "accepted"),
    ],
    doc: "Adds the rows to an index of the store as events, when the search has succeeded, and hands them on. A row with `_raw` stays as it is; of others the text is made of their fields.",
    examples: &[(
        "| makeresults | eval user=\"ann\", n=3 | collect index=summary testmode=true addtime=false addinfo=false marker=\"of=test\" | table _raw",
        r#"{"_raw":"of=test, n=3, user=\"ann\""}"#,
    )],
    page: "SearchReference/Collect",
    args: Rule::collect_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    if let Some(extra) = args.fields().first() {
        return Err(Error::argument(extra.span, "`collect` takes only options"));
    }
    let index = args.get("index").ok_or_else(|| {
        Error::syntax(stage.span, "`collect` needs an index")
            .hint(format!("usage: {}", COMMAND.synopsis))
    })?;
    let hec = match args.text("output_format", "raw").to_ascii_lowercase().as_str() {
        "raw" => false,
        "hec" => true,
        other => {
            return Err(Error::argument(
                stage.span,
                format!("`collect` has output_format raw or hec, not `{other}`"),
            ));
        }
    };
    let rows = Planner::rows_or_events(input);
    let info = Info::of(planner.context, &rows);
    let kernel = Collect {
        target: Target {
            index: index.text.clone(),
            source: args.text("source", "collect"),
            sourcetype: args.text("sourcetype", if hec { "stash_hec" } else { "stash" }),
            host: args.text("host", "localhost"),
        },
        time_format: args
            .flag("addtime", true)?
            .then(|| args.text("timeformat", "%m/%d/%Y %H:%M:%S %z")),
        info: args
            .flag("addinfo", !hec)?
            .then(|| (info.min.clone(), info.max.clone())),
        begin: info.min.parse::<f64>().ok().filter(|t| *t > 0.0),
        marker: args.get("marker").map(|l| l.text.clone()),
        hec,
        test: args.flag("testmode", false)?,
    };
    Ok(rows.apply(kernel))
}

/// Whose events are made.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Their index.
    pub(super) index: String,
    /// Their source.
    pub(super) source: String,
    /// Their sourcetype.
    pub(super) sourcetype: String,
    /// Their host.
    pub(super) host: String,
}

impl Target {
    /// Has rows written as events.
    pub(super) fn write(&self, rows: Table, context: &PlanContext) {
        context.effect(Effect::Events(EventsEffect {
            index: self.index.clone(),
            source: self.source.clone(),
            sourcetype: self.sourcetype.clone(),
            host: self.host.clone(),
            rows: Arc::new(rows),
        }));
    }
}

#[derive(Debug)]
struct Collect {
    target: Target,
    /// How the time is written; not at all without.
    time_format: Option<String>,
    /// The search's time range, when it is written.
    info: Option<(String, String)>,
    /// When it begins: the time of rows that have none.
    begin: Option<f64>,
    marker: Option<String>,
    hec: bool,
    test: bool,
}

impl Kernel for Collect {
    fn describe(&self) -> String {
        format!("collect into {}", self.target.index)
    }

    fn run(&self, rows: Table, context: &PlanContext) -> Result<Table> {
        let mut events = renamed(rows.clone());
        let now = self.begin.unwrap_or(context.clock.now);
        let times: Vec<Value<'static>> = (0..rows.height())
            .map(|row| Value::Num(rows.value("_time", row).as_number().unwrap_or(now)))
            .collect();
        let raws = times
            .iter()
            .enumerate()
            .map(|(row, time)| match rows.value("_raw", row).into_text() {
                Some(raw) => Ok(Value::text(raw.into_owned())),
                None => {
                    let time = time.as_number().unwrap_or(now);
                    self.text(&events, row, time, context).map(Value::text)
                }
            })
            .collect::<Result<Vec<_>>>()?;
        events.set("_time", Type::Time, times);
        events.set("_raw", Type::Text, raws);
        if self.test {
            return Ok(events);
        }
        self.target.write(events, context);
        Ok(rows)
    }
}

impl Collect {
    fn text(&self, rows: &Table, row: usize, time: f64, context: &PlanContext) -> Result<String> {
        let fields = || {
            rows.columns()
                .iter()
                .filter(|c| !c.name.starts_with('_'))
                .filter(move |c| !c.values[row].is_null())
        };
        if self.hec {
            let mut event = serde_json::Map::new();
            for column in fields() {
                event.insert(column.name.clone(), json(&column.values[row]));
            }
            return Ok(serde_json::Value::Object(event).to_string());
        }
        let mut parts = Vec::new();
        if let Some(format) = &self.time_format {
            let text = strftime(time, format, context.clock.zone)
                .ok_or_else(|| Error::data("a time that is no date can't be collected"))?;
            parts.push(text);
        }
        if let Some((min, max)) = &self.info {
            parts.push(format!("info_min_time={min}"));
            parts.push(format!("info_max_time={max}"));
            parts.push(format!("info_search_time={:.3}", context.clock.now));
        }
        parts.extend(self.marker.clone());
        let mut columns: Vec<_> = fields().collect();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        for column in columns {
            parts.push(match &column.values[row] {
                Value::Num(_) => {
                    let number = column.values[row].as_text().unwrap_or_default();
                    format!("{}={number}", column.name)
                }
                value => {
                    let text = value.clone().into_values().join("\n");
                    format!("{}=\"{}\"", column.name, text.replace('"', "\\\""))
                }
            });
        }
        Ok(parts.join(", "))
    }
}

fn json(value: &Value<'static>) -> serde_json::Value {
    match value {
        Value::Num(n) => serde_json::Number::from_f64(*n)
            .filter(|_| n.fract() != 0.0)
            .map_or_else(|| serde_json::json!(*n as i64), serde_json::Value::Number),
        Value::Multi(values) => {
            let texts = values.iter().map(|v| serde_json::Value::from(v.to_string()));
            serde_json::Value::Array(texts.collect())
        }
        other => other.as_text().unwrap_or_default().into_owned().into(),
    }
}

/// What the rows say of their own origin is kept beside that of the new events.
pub(super) fn renamed(rows: Table) -> Table {
    let mut out = Table::new(rows.height());
    for column in rows.into_columns() {
        let name = match column.name.as_str() {
            "host" | "source" | "sourcetype" | "index" => format!("orig_{}", column.name),
            _ => column.name,
        };
        out.set(name, column.kind, column.values);
    }
    out
}
