//! `iplocation`: the locations of IP addresses.

use std::collections::HashMap;
use std::net::IpAddr;

use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::{Table, type_of_values};
use crate::value::{Type, Value};

/// Adds the location of the address in a field.
#[derive(Debug)]
pub struct Locate {
    /// The field with the address.
    pub field: String,
    /// The location attributes (`City`, `Country`, `Region`, `lat`, `lon`, `Continent`, `MetroCode`,
    /// `Timezone`), and the field for each.
    pub outputs: Vec<(String, String)>,
    /// The language of names.
    pub language: String,
}

impl Kernel for Locate {
    fn describe(&self) -> String {
        format!("locate {}", self.field)
    }

    fn run(&self, mut rows: Table, context: &QueryContext) -> Result<Table> {
        let reader = match &context.geoip {
            Some(path) => {
                Some(maxminddb::Reader::open_readfile(path).map_err(|why| Error::file(path, why))?)
            }
            None => {
                context.notice(
                    "no GeoIP database: iplocation fields stay empty; pass a MaxMind file with --geoip",
                );
                None
            }
        };
        let mut known: HashMap<String, Vec<Value<'static>>> = HashMap::new();
        let mut columns: Vec<Vec<Value<'static>>> = vec![Vec::new(); self.outputs.len()];
        for row in 0..rows.height() {
            let address = rows
                .value(&self.field, row)
                .into_values()
                .into_iter()
                .next();
            let found = match (&reader, address) {
                (Some(reader), Some(address)) => {
                    if !known.contains_key(address.as_ref()) {
                        known.insert(address.to_string(), self.place(reader, &address));
                    }
                    known.get(address.as_ref())
                }
                _ => None,
            };
            for (at, column) in columns.iter_mut().enumerate() {
                column.push(found.map_or(Value::Null, |found| found[at].clone()));
            }
        }
        for ((_, name), values) in self.outputs.iter().zip(columns) {
            let kind = match type_of_values(&values) {
                Type::Null => Type::Text,
                kind => kind,
            };
            rows.set(name.clone(), kind, values);
        }
        Ok(rows)
    }
}

impl Locate {
    pub(crate) fn place(
        &self,
        reader: &maxminddb::Reader<Vec<u8>>,
        address: &str,
    ) -> Vec<Value<'static>> {
        let record = address
            .trim()
            .parse::<IpAddr>()
            .ok()
            .and_then(|ip| reader.lookup(ip).ok()?.decode::<Json>().ok()?)
            .unwrap_or(Json::Null);
        let names = |of: &Json| {
            let names = of.get("names")?;
            let name = names.get(&self.language).or_else(|| names.get("en"))?;
            Some(Value::text(name.as_str()?.to_owned()))
        };
        let number = |of: Option<&Json>| of?.as_f64().map(Value::number);
        let location = record.get("location");
        self.outputs
            .iter()
            .map(|(what, _)| {
                match what.as_str() {
                    "City" => record.get("city").and_then(names),
                    "Country" => record.get("country").and_then(names),
                    "Region" => record.get("subdivisions").and_then(|s| names(s.get(0)?)),
                    "Continent" => record.get("continent").and_then(names),
                    "lat" => number(location.and_then(|l| l.get("latitude"))),
                    "lon" => number(location.and_then(|l| l.get("longitude"))),
                    "MetroCode" => number(location.and_then(|l| l.get("metro_code"))),
                    "Timezone" => location
                        .and_then(|l| l.get("time_zone")?.as_str())
                        .map(|zone| Value::text(zone.to_owned())),
                    _ => None,
                }
                .unwrap_or(Value::Null)
            })
            .collect()
    }
}
