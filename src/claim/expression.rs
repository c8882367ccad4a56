//! Arithmetic over named numbers: `([deep, wide] | max) / wide`. minijinja evaluates it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, UnaryOpKind};
use minijinja::machinery::parse_expr;
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
        let wrong = |error: minijinja::Error| {
            format!("is no expression, `{text}`: {}", error.detail().unwrap_or("it has no value"))
        };
        let parsed = ENVIRONMENT.compile_expression(text).map_err(wrong)?;
        check(&parse_expr(text).map_err(wrong)?).map_err(|what| format!("{what}, in `{text}`"))?;
        let mut names: Vec<_> = parsed.undeclared_variables(true).into_iter().collect();
        names.sort();
        let parsed = Self { text: text.to_owned(), names };
        // Any numbers show whether it can be computed.
        parsed.compute(|_| Some(0.7))?;
        Ok(parsed)
    }

    /// The names of its numbers, sorted.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its value, where `number` gives that of a name. `None` if a number is missing, or if there
    /// is no finite value, as after a division by zero.
    pub fn evaluate(&self, number: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        self.compute(number).ok().flatten()
    }

    fn compute(&self, number: impl Fn(&str) -> Option<f64>) -> Result<Option<f64>, String> {
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
        match value.is_number().then(|| f64::try_from(value).ok()).flatten() {
            Some(value) => Ok(Some(value).filter(|value| value.is_finite())),
            None => Err(format!("`{}` has no number as its value", self.text)),
        }
    }
}

/// The filters that expressions may use.
const FILTERS: [&str; 4] = ["min", "max", "abs", "round"];

/// Refuses what is no arithmetic, and powers that readers group in another way than minijinja:
/// `-2 ** 2` is 4 there, and `2 ** 3 ** 2` is 64.
fn check(expression: &Expr<'_>) -> Result<(), String> {
    use BinOpKind::{Add, Div, Mul, Pow, Sub};
    match expression {
        Expr::Var(_) => Ok(()),
        Expr::Const(constant) if constant.value.is_number() => Ok(()),
        Expr::GetAttr(attribute) => check(&attribute.expr),
        Expr::List(list) => list.items.iter().try_for_each(check),
        Expr::UnaryOp(operation) if matches!(operation.op, UnaryOpKind::Neg) => {
            check(&operation.expr)
        }
        Expr::BinOp(operation) if matches!(operation.op, Add | Sub | Mul | Div | Pow) => {
            let is_power =
                |one: &Expr<'_>| matches!(one, Expr::BinOp(one) if matches!(one.op, Pow));
            if matches!(operation.op, Pow)
                && (is_power(&operation.left) || matches!(operation.left, Expr::UnaryOp(_)))
            {
                return Err("takes a power of a power or of a negated number".to_owned());
            }
            check(&operation.left)?;
            check(&operation.right)
        }
        Expr::Filter(filter) if FILTERS.contains(&filter.name) => {
            for argument in &filter.args {
                match argument {
                    CallArg::Pos(argument) | CallArg::Kwarg(_, argument) => check(argument)?,
                    _ => return Err("has an argument with `*`".to_owned()),
                }
            }
            filter.expr.as_ref().map_or(Ok(()), check)
        }
        _ => Err(format!(
            "is more than arithmetic; it may have numbers, names, `+`, `-`, `*`, `/`, `**`, brackets \
             and the filters {}",
            FILTERS.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<Option<f64>, String> {
        Ok(Expression::parse(text)?.evaluate(|name| match name {
            "row.mean" => Some(80.0),
            "row.std" => Some(3.0),
            "n" => Some(9.0),
            _ => None,
        }))
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
        assert_eq!(value("-(n ** 2) - 3 ** (1 + 1) + -n"), Ok(Some(-99.0)));
        assert_eq!(value("n ** -1 * n - -n | abs"), Ok(Some(-8.0)));
        assert_eq!(value("1 / (n - 9)"), Ok(None), "no finite value decides nothing");
        for wrong in [
            "n / 0",
            "row.mean >",
            "",
            "row.mean > 3",
            "'text'",
            "n | max",
            "-n ** 2",
            "-2 ** 2",
            "--n ** 2",
            "-(1 + n) ** 2",
            "-row.mean ** 2",
            "2 ** 3 ** 2",
            "2 ** -n ** 2",
            "n if n else 1",
            "n and 1",
            "not n",
            "true + n",
            "range(3) | max",
            "n | default(3)",
            "n ~ 1",
            "n // 2",
        ] {
            assert!(value(wrong).is_err(), "{wrong}: {:?}", value(wrong));
        }
    }
}
