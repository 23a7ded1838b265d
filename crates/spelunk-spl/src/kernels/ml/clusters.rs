//! `KMeans`: clusters rows around means, as the command `kmeans` does.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::kernels::kmeans::Search;
use crate::kernels::ml::features::{Feature, features, points};
use crate::kernels::ml::scaling::no_rows;
use crate::kernels::ml::{Applying, Learned, Learner, names};
use crate::kernels::stats_util::{set, table_of};
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::Value;

/// scikit-learn's `n_init` and `max_iter`.
const SEARCH: Search = Search {
    repeats: 10,
    rounds: 300,
    tolerance: 0.0,
    distance: "l2",
};

#[derive(Debug)]
pub(crate) struct ClusterLearner {
    pub(crate) fields: Vec<Pattern>,
    pub(crate) count: usize,
}

/// The means found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Clusters {
    features: Vec<Feature>,
    means: Vec<Vec<f64>>,
    /// The sum of the squared distances to the means.
    inertia: f64,
}

impl Learner for ClusterLearner {
    fn learn(&self, rows: &Table, context: &QueryContext) -> Result<Learned> {
        let features = features(rows, &self.fields, None, false, context)?;
        let known: Vec<Vec<f64>> = points(rows, &features)?.into_iter().flatten().collect();
        if known.is_empty() {
            return Err(no_rows());
        }
        if known.len() < self.count {
            return Err(Error::data(format!(
                "{} rows can't make {} clusters",
                known.len(),
                self.count
            ))
            .hint("fewer are asked for with k=<N>"));
        }
        let found = SEARCH.clusters(&known, self.count, context)?;
        Ok(Learned::Clusters(Clusters {
            features,
            means: found.means,
            inertia: found.distortion,
        }))
    }
}

impl Clusters {
    /// Adds `cluster`, from 0, and `cluster_distance`, squared.
    ///
    /// # Errors
    /// If the rows lack a field.
    pub(crate) fn apply(&self, rows: &mut Table, how: &Applying) -> Result<()> {
        let points = points(rows, &self.features)?;
        let near = points
            .iter()
            .map(|p| p.as_ref().map(|p| SEARCH.nearest(p, &self.means)));
        let (mut of, mut distances) = (Vec::new(), Vec::new());
        for found in near {
            of.push(found.map_or(Value::Null, |f| Value::Num(f.0 as f64)));
            distances.push(found.map_or(Value::Null, |f| Value::number(f.1)));
        }
        set(rows, names(how, vec!["cluster".to_owned()]).remove(0), of);
        set(rows, "cluster_distance", distances);
        Ok(())
    }

    /// One row per mean.
    pub(crate) fn summary(&self) -> Table {
        let count = self.means.len();
        let clusters = (0..count).map(|n| Value::Num(n as f64)).collect();
        let mut table = table_of(count, vec![("cluster", clusters)]);
        for (at, feature) in self.features.iter().enumerate() {
            let values = self.means.iter().map(|mean| Value::number(mean[at]));
            set(&mut table, feature.name(), values.collect());
        }
        set(
            &mut table,
            "inertia",
            vec![Value::number(self.inertia); count],
        );
        table
    }
}
