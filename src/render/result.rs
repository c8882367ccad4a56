//! A value of the results in a prose template: shown with its source, and not compared.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};

/// What `cell(…)` and its like give: as a text it is its mark.
#[derive(Debug)]
pub(super) struct ResultValue {
    pub(super) mark: String,
    /// The number, if it is one; not rounded.
    pub(super) value: Option<f64>,
}

impl Object for ResultValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "value").then(|| Value::from(self.value))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mark)
    }
}

/// Whether a value is one of the results.
pub(super) fn is_result(value: &Value) -> bool {
    value.downcast_object_ref::<ResultValue>().is_some()
}
