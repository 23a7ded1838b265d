//! `geostats`: aggregates by cells of a map.

use std::collections::BTreeMap;

use crate::commands::args::Args;
use crate::commands::figures::decimal;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::functions::stats::stats_function;
use crate::plan::build::{call, field};
use crate::plan::chart::{Chart, Keep, Split};
use crate::plan::context::PlanContext;
use crate::plan::pivot::Naming;
use crate::plan::schema::{Pattern, Schema};
use crate::plan::table::Table;
use crate::plan::{AggregateCall, AggregateInput, ByField, ColumnKernel, Kernel, Plan, Scan};
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::{Name, Stage};
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "geostats",
    category: Category::Reporting,
    synopsis: "geostats [<options>] <aggregation> [AS <name>]... [BY <field>]",
    options: &[
        ("latfield", "lat", "the field with the latitude"),
        ("longfield", "lon", "the field with the longitude"),
        ("outputlatfield", "latitude", "the field that gets the mean latitude of a cell"),
        ("outputlongfield", "longitude", "the field that gets the mean longitude of a cell"),
        ("binspanlat", "22.5", "height of a cell at the lowest zoom level, in degrees"),
        ("binspanlong", "45", "width of a cell at the lowest zoom level, in degrees"),
        ("maxzoomlevel", "9", "the highest zoom level, from 0 to 9: each halves the cells"),
        ("globallimit", "10", "values of the BY field that have a column; 0 for all"),
        ("locallimit", "10", "values of the BY field shown for a cell, the others in OTHER; 0 for all"),
        ("translatetoxy", "true", "false for a row for each cell and value of the BY field"),
    ],
    doc: "Aggregates by cells of a map, for each zoom level: geobin names level, row and column of a cell, latitude and longitude are the means of its rows. \
          With BY there is a column for each value. Rows without a place are left out.",
    examples: &[(
        "| makeresults count=2 | eval lat=48.1, lon=11.5 | geostats maxzoomlevel=1 count",
        "{\"geobin\":\"bin_id_zl_0_y_6_x_4\",\"latitude\":48.1,\"longitude\":11.5,\"count\":2}\n{\"geobin\":\"bin_id_zl_1_y_12_x_8\",\"latitude\":48.1,\"longitude\":11.5,\"count\":2}",
    )],
    page: "SearchReference/Geostats",
    args: Rule::geostats_args,
    plan,
    ..DEFAULT
};

/// The field that names a cell.
const BIN: &str = "geobin";

const OTHER: &str = "OTHER";

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let aggregates = args.aggregates()?;
    if aggregates.is_empty() {
        return Err(Error::syntax(stage.span, "`geostats` needs an aggregation")
            .hint("for example: | iplocation src | geostats count"));
    }
    let by = args.by();
    if let [_, second, ..] = by.as_slice() {
        return Err(Error::argument(second.span, "`geostats` splits by one field"));
    }
    let cells = Cells {
        latitude: args.text("latfield", "lat"),
        longitude: args.text("longfield", "lon"),
        spans: [
            decimal(&args, "binspanlat", 22.5, 1e-6..=180.0)?,
            decimal(&args, "binspanlong", 45.0, 1e-6..=360.0)?,
        ],
        levels: args.number("maxzoomlevel", 9)?.min(9),
    };
    let places = [
        mean(&cells.latitude, args.text("outputlatfield", "latitude"), stage.span)?,
        mean(&cells.longitude, args.text("outputlongfield", "longitude"), stage.span)?,
    ];
    let rows = Planner::rows_or_events(input)
        .beside(cells)
        .filter(call("isnotnull", vec![field(BIN)]));
    let Some(by) = by.first() else {
        return Ok(grouped(rows, places.into_iter().chain(aggregates).collect(), &[BIN]));
    };
    let given = || Box::new(Plan::Scan(Scan::Given));
    let limit = |name: &str| args.number(name, 10);
    let (most, local) = (limit("globallimit")?, limit("locallimit")?);
    let (table, max) = if args.flag("translatetoxy", true)? {
        let chart = Plan::Chart {
            input: given(),
            chart: Box::new(series(by, aggregates, most, stage.span)),
        };
        let table = match local {
            0 => chart,
            most => chart.apply(Local { most }),
        };
        (table, 1)
    } else {
        (grouped(Plan::Scan(Scan::Given), aggregates, &[BIN, &by.text]), 0)
    };
    let exploded = Plan::Explode {
        input: Box::new(rows),
        field: BIN.to_owned(),
        limit: 0,
    };
    Ok(Plan::Let {
        input: Box::new(exploded),
        body: Box::new(Plan::Join {
            left: Box::new(grouped(Plan::Scan(Scan::Given), places.to_vec(), &[BIN])),
            right: Box::new(table),
            fields: vec![BIN.to_owned()],
            outer: false,
            overwrite: true,
            max,
            span: stage.span,
        }),
    })
}

fn mean(of: &str, name: String, span: Span) -> Result<AggregateCall> {
    let (function, _) = stats_function("avg").ok_or_else(|| Error::internal("there is no avg"))?;
    Ok(AggregateCall {
        function,
        parameter: None,
        arg: AggregateInput::Field(Pattern::exact(of)),
        name,
        span,
    })
}

fn grouped(rows: Plan, aggregates: Vec<AggregateCall>, by: &[&str]) -> Plan {
    let by = by.iter().map(|name| ByField {
        name: (*name).to_owned(),
        span: None,
        distinct: false,
    });
    Plan::Aggregate {
        input: Box::new(rows),
        aggregates,
        by: by.collect(),
        fill: None,
        all_numbers: false,
        sorted: true,
    }
}

fn series(by: &Name, aggregates: Vec<AggregateCall>, most: usize, span: Span) -> Chart {
    Chart {
        aggregates,
        computed: Vec::new(),
        row: Some(BIN.to_owned()),
        row_name: BIN.to_owned(),
        times: None,
        width: None,
        split: Some(Split {
            field: by.text.clone(),
            keep: (most > 0).then_some(Keep::Top(most)),
            score: None,
            other: Some(OTHER.to_owned()),
            null: None,
        }),
        naming: Naming {
            sep: SEP.to_owned(),
            format: None,
        },
        distinct: false,
        span,
    }
}

/// What stands between aggregation and value in the name of a column.
const SEP: &str = ": ";

#[derive(Debug)]
struct Cells {
    latitude: String,
    longitude: String,
    spans: [f64; 2],
    levels: usize,
}

impl ColumnKernel for Cells {
    fn describe(&self) -> String {
        format!("cells of the map for {}, {}", self.latitude, self.longitude)
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec![self.latitude.clone(), self.longitude.clone()]
    }

    fn run(&self, input: Table, _: &PlanContext) -> Result<Table> {
        let within = |name: &str, row: usize, most: f64| {
            let degrees = input.value(name, row).as_number()?;
            (-most..=most).contains(&degrees).then_some(degrees + most)
        };
        let values = (0..input.height())
            .map(|row| {
                let up = within(&self.latitude, row, 90.0);
                let along = within(&self.longitude, row, 180.0);
                let (Some(up), Some(along)) = (up, along) else {
                    return Value::Null;
                };
                let name = |level: usize| {
                    let cells = f64::from(1_u32 << level);
                    let y = (up * cells / self.spans[0]).floor();
                    let x = (along * cells / self.spans[1]).floor();
                    format!("bin_id_zl_{level}_y_{y}_x_{x}").into()
                };
                Value::Multi((0..=self.levels).map(name).collect())
            })
            .collect();
        let mut out = Table::new(input.height());
        out.set(BIN, Type::Multi, values);
        Ok(out)
    }
}

/// Sums up what is beyond the largest values of a cell. As the manual says of OTHER, that means
/// something only for counts and sums.
#[derive(Debug)]
struct Local {
    most: usize,
}

impl Kernel for Local {
    fn describe(&self) -> String {
        format!("the {} largest of each cell", self.most)
    }

    fn run(&self, mut input: Table, _: &PlanContext) -> Result<Table> {
        // Columns of one aggregation, by what stands before the value in their names.
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for column in input.columns().iter().filter(|c| c.name != BIN) {
            let (before, series) = match column.name.split_once(SEP) {
                Some((before, series)) => (format!("{before}{SEP}"), series),
                None => (String::new(), column.name.as_str()),
            };
            let names = groups.entry(before).or_default();
            if series != OTHER {
                names.push(column.name.clone());
            }
        }
        for (before, names) in groups {
            if names.len() <= self.most {
                continue;
            }
            let other = format!("{before}{OTHER}");
            let mut columns: Vec<_> = names.iter().filter_map(|n| input.take(n)).collect();
            let mut sums = match input.take(&other) {
                Some(column) => column.values,
                None => vec![Value::Null; input.height()],
            };
            for (row, sum) in sums.iter_mut().enumerate() {
                let mut order: Vec<(usize, f64)> = columns
                    .iter()
                    .enumerate()
                    .filter_map(|(at, c)| Some((at, c.values[row].as_number()?)))
                    .filter(|(_, n)| *n != 0.0)
                    .collect();
                order.sort_by(|a, b| b.1.total_cmp(&a.1));
                for (at, number) in order.into_iter().skip(self.most) {
                    columns[at].values[row] = Value::Null;
                    *sum = Value::Num(sum.as_number().unwrap_or(0.0) + number);
                }
            }
            for column in columns {
                input.set(column.name, column.kind, column.values);
            }
            input.set(other, Type::Number, sums);
        }
        Ok(input)
    }
}
