//! `geostats`: aggregates by map cell.

use crate::commands::args::{Args, decimal};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::functions::stats::stats_function;
use crate::kernels::geostats::{BIN, Cells, Local, series};
use crate::plan::build::{call, field};
use crate::plan::schema::Pattern;
use crate::plan::{AggregateCall, AggregateInput, ByField, Plan, Scan};
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

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
    let given = || Box::new(Plan::Scan(Scan::Binding));
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
        (grouped(Plan::Scan(Scan::Binding), aggregates, &[BIN, &by.text]), 0)
    };
    let exploded = Plan::Explode {
        input: Box::new(rows),
        field: BIN.to_owned(),
        limit: 0,
    };
    Ok(Plan::With {
        input: Box::new(exploded),
        body: Box::new(Plan::Join {
            left: Box::new(grouped(Plan::Scan(Scan::Binding), places.to_vec(), &[BIN])),
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
