//! Arithmetic over named numbers: `([deep, wide] | max) / wide`. minijinja evaluates it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior, Value};

/// Where expressions are evaluated.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
});

/// An expression that is known to parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    text: String,
    /// The names of its numbers, sorted: `deep`, `row.mean`.
    names: Vec<String>,
}

impl Expression {
    /// Parses `text`.
    ///
    /// # Errors
    /// With what is wrong, as the end of a sentence about the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed = ENVIRONMENT.compile_expression(text);
        let parsed = parsed.map_err(|error| format!("is no expression, `{text}`: {error}"))?;
        let mut names: Vec<_> = parsed.undeclared_variables(true).into_iter().collect();
        names.sort();
        Ok(Self { text: text.to_owned(), names })
    }

    /// The names of its numbers, sorted.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its value, where `number` gives that of a name. `None` if a number is missing.
    ///
    /// # Errors
    /// If the value is no finite number.
    pub fn evaluate(&self, number: impl Fn(&str) -> Option<f64>) -> Result<Option<f64>, String> {
        let mut numbers: BTreeMap<&str, Value> = BTreeMap::new();
        let mut rows: BTreeMap<&str, BTreeMap<&str, f64>> = BTreeMap::new();
        for name in &self.names {
            let Some(number) = number(name) else { return Ok(None) };
            match name.split_once('.') {
                Some((row, key)) => drop(rows.entry(row).or_default().insert(key, number)),
                None => drop(numbers.insert(name, Value::from(number))),
            }
        }
        numbers.extend(rows.into_iter().map(|(row, keys)| (row, Value::from_pairs(keys))));
        let fail = |error: minijinja::Error| format!("`{}` has no value: {error}", self.text);
        let expression = ENVIRONMENT.compile_expression(&self.text).map_err(fail)?;
        let value = expression.eval(Value::from_pairs(numbers)).map_err(fail)?;
        let value = value.is_number().then(|| f64::try_from(value).ok()).flatten();
        match value.filter(|value| value.is_finite()) {
            Some(value) => Ok(Some(value)),
            None => Err(format!("`{}` has no finite number as its value", self.text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<Option<f64>, String> {
        Expression::parse(text)?.evaluate(|name| match name {
            "row.mean" => Some(80.0),
            "row.std" => Some(3.0),
            "n" => Some(9.0),
            _ => None,
        })
    }

    #[test]
    fn expressions_compute_what_they_say() {
        assert_eq!(value("row.mean - row.std / n ** 0.5"), Ok(Some(79.0)));
        assert_eq!(value("([row.mean, n] | max) / ([row.std, n] | min)"), Ok(Some(80.0 / 3.0)));
        assert_eq!(value("2 - 1 + 3 * 4 / 2"), Ok(Some(7.0)));
        assert_eq!(
            value("[row.mean, missing] | max"),
            Ok(None),
            "a missing number decides nothing"
        );
        for wrong in ["n / 0", "row.mean >", "", "row.mean > 3", "'text'", "n | max"] {
            assert!(value(wrong).is_err(), "{wrong}: {:?}", value(wrong));
        }
    }
}
