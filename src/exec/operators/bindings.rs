//! Bindings: plans over rows that are computed first, because they are read several times,
//! determine the plan, or are placed next to others.

use crate::error::{Error, Result};
use crate::exec::context::Executor;
use crate::exec::frame::result::Rows;
use crate::exec::frame::{Frame, to_table};
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::plan::{Expansion, Plan};
use crate::value::{Type, Value};

impl Executor<'_> {
    /// The rows that `Scan::Binding` reads here.
    pub(in crate::exec) fn binding(&self) -> Result<Frame> {
        let given = self.bindings.borrow().last().cloned();
        given.ok_or_else(|| Error::internal("a plan reads a binding that is not set"))
    }

    /// Runs the body over the rows of `input`, which are computed once.
    pub(in crate::exec) fn with_binding(&self, input: &Plan, body: &Plan) -> Result<Frame> {
        let rows = self.run_node(input)?;
        self.lower_with(&rows, body)
    }

    /// Runs the plan that an expansion builds from the rows of `input`, over these rows.
    pub(in crate::exec) fn expand(&self, input: &Plan, expansion: &dyn Expansion) -> Result<Frame> {
        let rows = self.run_node(input)?;
        let present = rows.clone().without_empty_columns();
        let table = expansion.needs_rows().then(|| to_table(&rows));
        let plan = expansion.plan(&schema_of(&present), table.as_ref(), self.context)?;
        self.lower_with(&rows, self.marked(plan).plan())
    }

    fn lower_with(&self, rows: &Rows, body: &Plan) -> Result<Frame> {
        self.over(Frame::typed(rows.frame().clone(), schema_of(rows)), body)
    }

    /// Lowers a plan over [`crate::plan::Scan::Binding`] onto a frame.
    pub(in crate::exec) fn over(&self, frame: Frame, body: &Plan) -> Result<Frame> {
        self.bindings.borrow_mut().push(frame);
        let lowered = self.lower(body);
        self.bindings.borrow_mut().pop();
        lowered
    }

    /// Concatenates both inputs horizontally; the shorter one is padded with missing values.
    pub(in crate::exec) fn side_by_side(
        &self,
        left: &Plan,
        right: &Plan,
        overwrite: bool,
    ) -> Result<Frame> {
        let (left, right) = (
            to_table(&self.run_node(left)?),
            to_table(&self.run_node(right)?),
        );
        let height = left.height().max(right.height());
        let mut out = Table::new(height);
        for column in left.into_columns() {
            out.set(column.name, column.kind, column.values);
        }
        for column in right.into_columns() {
            // Internal fields keep the values of the left side.
            if column.name.starts_with('_') && out.column(&column.name).is_some() {
                continue;
            }
            let (kind, values) = match out.take(&column.name) {
                None => (column.kind, column.values),
                Some(there) => {
                    let kind = there.kind.join(column.kind);
                    let mut values = column.values;
                    values.resize(height, Value::Null);
                    for (value, there) in values.iter_mut().zip(there.values) {
                        if value.is_null() || !overwrite && !there.is_null() {
                            *value = there;
                        }
                    }
                    (kind, values)
                }
            };
            out.set(column.name, kind, values);
        }
        Frame::from_table(out)
    }
}

fn schema_of(rows: &Rows) -> Schema {
    let names = rows.names().into_iter().map(str::to_owned);
    let kinds = rows.types().iter().map(|kind| match kind {
        Type::Null => Type::Text,
        kind => *kind,
    });
    names.zip(kinds).collect()
}
