//! Finds comparisons in templates that mean nothing: of results, and of words that no value has. A
//! result is a number with its source, and its text is a mark: a comparison of it would have an
//! answer that means nothing.
//!
//! Results flow through variables, loops, lists and the parameters of macros. So the search follows
//! them, and repeats until no macro is given a result that it was not given before.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::machinery::ast::{BinOpKind, Call, CallArg, Expr, Macro, Stmt, UnaryOpKind};
use minijinja::machinery::parse;

use super::error::NUMBER_HINT;
use super::syntax::syntax;
use super::words::{FactorLevels, Field};

/// The functions that give results.
const FUNCTIONS: [&str; 6] = ["cell", "score", "contrast", "least", "most", "count_above"];

/// Filters whose value holds no result, whatever they are given.
const COUNTING: [&str; 2] = ["length", "count"];

/// Filters that compare their items.
const COMPARING: [&str; 10] = [
    "select",
    "reject",
    "selectattr",
    "rejectattr",
    "sort",
    "unique",
    "min",
    "max",
    "groupby",
    "dictsort",
];

/// The tests that compare with a value, and may have one answer only.
const EQUAL: [&str; 6] = ["eq", "equalto", "==", "ne", "!=", "in"];

/// Template, line, message and hint of the first comparison that means nothing.
pub(super) fn find(
    templates: &[(&str, &str)],
    levels: &FactorLevels,
) -> Option<(String, usize, String, String)> {
    // minijinja reports templates that do not parse.
    let parsed = templates
        .iter()
        .filter_map(|(name, text)| Some((*name, parse(text, name, syntax()).ok()?)));
    let parsed: Vec<_> = parsed.collect();
    let mut search = Search { levels: levels.clone(), ..Search::default() };
    loop {
        let before = search.size();
        for (name, template) in &parsed {
            search.statement(template, &mut search.included.clone());
            if let Some((line, message, hint)) = search.found.take() {
                return Some(((*name).to_owned(), line, message, hint));
            }
        }
        if search.size() == before {
            return None;
        }
    }
}

/// The names of variables that hold results.
type Scope = BTreeSet<String>;

#[derive(Default)]
struct Search {
    /// The parameters of each macro.
    macros: BTreeMap<String, Vec<String>>,
    /// Macros with a parameter that is given results. Without one: macros that write results.
    given: BTreeSet<(String, Option<String>)>,
    /// Variables that hold results where a template is included, which sees them.
    included: Scope,
    /// The fields whose values variables hold.
    bound: BTreeMap<String, Field>,
    /// The levels of each factor.
    levels: FactorLevels,
    /// Line, message and hint of a comparison that means nothing.
    found: Option<(usize, String, String)>,
}

impl Search {
    /// Grows while anything new is found.
    fn size(&self) -> usize {
        self.macros.len() + self.given.len() + self.included.len()
    }

    /// Returns whether any statement writes a result.
    fn body(&mut self, body: &[Stmt<'_>], scope: &mut Scope) -> bool {
        let writes: Vec<bool> = body.iter().map(|one| self.statement(one, scope)).collect();
        writes.contains(&true)
    }

    fn statement(&mut self, statement: &Stmt<'_>, scope: &mut Scope) -> bool {
        match statement {
            Stmt::Template(one) => self.body(&one.children, scope),
            Stmt::Block(one) => self.body(&one.body, &mut scope.clone()),
            Stmt::AutoEscape(one) => self.body(&one.body, scope),
            Stmt::FilterBlock(one) => self.body(&one.body, scope),
            Stmt::EmitExpr(one) => self.holds(&one.expr, scope),
            Stmt::ForLoop(one) => {
                let holds = self.holds(&one.iter, scope);
                let mut inner = scope.clone();
                bind(&one.target, holds, &mut inner);
                self.bind(&one.target, &one.iter);
                if let Some(filter) = &one.filter_expr {
                    self.compare(filter, &inner);
                }
                let writes = self.body(&one.body, &mut inner);
                self.body(&one.else_body, scope) || writes
            }
            Stmt::IfCond(one) => {
                self.compare(&one.expr, scope);
                let mut other = scope.clone();
                let writes =
                    [self.body(&one.true_body, scope), self.body(&one.false_body, &mut other)];
                scope.extend(other);
                writes.contains(&true)
            }
            Stmt::WithBlock(one) => {
                let mut inner = scope.clone();
                for (target, value) in &one.assignments {
                    bind(target, self.holds(value, scope), &mut inner);
                    self.bind(target, value);
                }
                self.body(&one.body, &mut inner)
            }
            Stmt::Set(one) => {
                bind(&one.target, self.holds(&one.expr, scope), scope);
                self.bind(&one.target, &one.expr);
                false
            }
            Stmt::SetBlock(one) => {
                let writes = self.body(&one.body, &mut scope.clone());
                bind(&one.target, writes, scope);
                false
            }
            Stmt::Macro(one) => {
                self.definition(one, scope);
                false
            }
            Stmt::CallBlock(one) => {
                self.definition(&one.macro_decl, scope);
                self.call(&one.call, scope)
            }
            Stmt::Do(one) => self.call(&one.call, scope),
            Stmt::Include(_) => {
                self.included.extend(scope.iter().cloned());
                false
            }
            _ => false,
        }
    }

    fn definition(&mut self, one: &Macro<'_>, scope: &Scope) {
        let parameters = one.args.iter().filter_map(|argument| match argument {
            Expr::Var(name) => Some(name.id.to_owned()),
            _ => None,
        });
        let parameters: Vec<String> = parameters.collect();
        let mut inner = scope.clone();
        for parameter in &parameters {
            match self.given.contains(&(one.name.to_owned(), Some(parameter.clone()))) {
                true => inner.insert(parameter.clone()),
                false => inner.remove(parameter),
            };
        }
        self.macros.insert(one.name.to_owned(), parameters);
        if self.body(&one.body, &mut inner) {
            self.given.insert((one.name.to_owned(), None));
        }
    }

    /// Notes the results that a macro is given. Returns whether the call may give a result.
    fn call(&mut self, call: &Call<'_>, scope: &Scope) -> bool {
        let name = match &call.expr {
            Expr::Var(name) => name.id,
            Expr::GetAttr(attribute) => attribute.name,
            _ => "",
        };
        let parameters = self.macros.get(name).cloned().unwrap_or_default();
        let mut any = self.holds(&call.expr, scope);
        for (index, argument) in call.args.iter().enumerate() {
            let (parameter, value) = match argument {
                CallArg::Pos(value) => (parameters.get(index).cloned(), value),
                CallArg::Kwarg(parameter, value) => (Some((*parameter).to_owned()), value),
                CallArg::PosSplat(value) | CallArg::KwargSplat(value) => (None, value),
            };
            if self.holds(value, scope) {
                any = true;
                self.given.extend(parameter.map(|one| (name.to_owned(), Some(one))));
            }
        }
        any || FUNCTIONS.contains(&name) || self.given.contains(&(name.to_owned(), None))
    }

    /// Whether the value of an expression is or holds a result.
    fn holds(&mut self, expression: &Expr<'_>, scope: &Scope) -> bool {
        match expression {
            Expr::Var(name) => scope.contains(name.id),
            Expr::Const(_) => false,
            Expr::Call(call) => self.call(call, scope),
            Expr::GetAttr(one) => self.holds(&one.expr, scope) && one.name != "value",
            Expr::GetItem(one) => {
                self.holds(&one.subscript_expr, scope);
                self.holds(&one.expr, scope)
            }
            Expr::Slice(one) => self.holds(&one.expr, scope),
            Expr::UnaryOp(one) if matches!(one.op, UnaryOpKind::Not) => {
                self.compare(&one.expr, scope);
                false
            }
            Expr::UnaryOp(one) => self.holds(&one.expr, scope),
            Expr::BinOp(one) => {
                use BinOpKind::{Eq, Gt, Gte, In, Lt, Lte, Ne, ScAnd, ScOr};
                match one.op {
                    Eq | Ne | Lt | Lte | Gt | Gte | In => {
                        self.check_words(&one.left, &one.right);
                        self.check_words(&one.right, &one.left);
                        self.compare(&one.left, scope);
                        self.compare(&one.right, scope);
                        false
                    }
                    ScAnd | ScOr => {
                        self.compare(&one.left, scope);
                        self.holds(&one.right, scope)
                    }
                    _ => self.any([&one.left, &one.right], scope),
                }
            }
            Expr::Compare(one) => {
                let others = one.ops.iter().map(|operation| &operation.expr);
                let sides: Vec<_> = std::iter::once(&one.expr).chain(others).collect();
                for pair in sides.windows(2) {
                    self.check_words(pair[0], pair[1]);
                    self.check_words(pair[1], pair[0]);
                }
                for side in sides {
                    self.compare(side, scope);
                }
                false
            }
            Expr::IfExpr(one) => {
                self.compare(&one.test_expr, scope);
                self.any(one.false_expr.iter().chain([&one.true_expr]), scope)
            }
            Expr::Filter(one) => {
                let holds = self.any(&one.expr, scope);
                if let ("selectattr" | "rejectattr", [field, test, wanted]) =
                    (one.name, &one.args[..])
                    && let (Expr::Const(field), Expr::Const(test)) =
                        (value_of(field), value_of(test))
                    && test.value.as_str().is_some_and(|test| EQUAL.contains(&test))
                {
                    self.check_field(Field::at_path(&field.value), value_of(wanted));
                }
                if holds && COMPARING.contains(&one.name) {
                    self.note(expression);
                }
                let given = self.any(one.args.iter().map(value_of), scope);
                (holds || given) && !COUNTING.contains(&one.name)
            }
            Expr::Test(one) => {
                if one.name == "none"
                    && let Expr::GetAttr(number) = &one.expr
                    && number.name == "value"
                    && self.holds(&number.expr, scope)
                {
                    let line = usize::from(expression.span().start_line);
                    let message = "a missing number is undefined, and not none".to_owned();
                    self.found.get_or_insert((line, message, "ask `is defined`".to_owned()));
                }
                self.compare(&one.expr, scope);
                if let [wanted] = &one.args[..]
                    && EQUAL.contains(&one.name)
                {
                    self.check_words(&one.expr, value_of(wanted));
                }
                for argument in &one.args {
                    self.compare(value_of(argument), scope);
                }
                false
            }
            Expr::List(one) => self.any(&one.items, scope),
            Expr::Tuple(one) => self.any(&one.items, scope),
            Expr::Map(one) => self.any(&one.values, scope),
        }
    }

    fn any<'e, 'a: 'e>(
        &mut self,
        all: impl IntoIterator<Item = &'e Expr<'a>>,
        scope: &Scope,
    ) -> bool {
        let all: Vec<bool> = all.into_iter().map(|one| self.holds(one, scope)).collect();
        all.contains(&true)
    }

    /// Notes an expression that is compared, if it is or holds a result.
    fn compare(&mut self, expression: &Expr<'_>, scope: &Scope) {
        if self.holds(expression, scope) {
            self.note(expression);
        }
    }

    /// Notes a comparison of a field with a value that it never has.
    fn check_words(&mut self, field: &Expr<'_>, other: &Expr<'_>) {
        self.check_field(Field::of(field, &self.bound), other);
    }

    fn check_field(&mut self, field: Option<Field>, other: &Expr<'_>) {
        if let Some((message, hint)) = field.and_then(|field| field.wrong(other, &self.levels)) {
            self.found.get_or_insert((usize::from(other.span().start_line), message, hint));
        }
    }

    /// Notes what the variable of a target holds from now on.
    fn bind(&mut self, target: &Expr<'_>, value: &Expr<'_>) {
        if let Expr::Var(name) = target {
            match Field::of(value, &self.bound) {
                Some(field) => self.bound.insert(name.id.to_owned(), field),
                None => self.bound.remove(name.id),
            };
        }
    }

    fn note(&mut self, expression: &Expr<'_>) {
        let name = match expression {
            Expr::Var(name) => name.id.to_owned(),
            Expr::Call(call) => match &call.expr {
                Expr::Var(name) => format!("{}(…)", name.id),
                _ => "this call".to_owned(),
            },
            Expr::Filter(one) => match &one.expr {
                Some(inner) => return self.note(inner),
                None => one.name.to_owned(),
            },
            _ => "this value".to_owned(),
        };
        let line = usize::from(expression.span().start_line);
        let message = format!("`{name}` cannot be compared: it is a result, and not a number");
        self.found.get_or_insert((line, message, NUMBER_HINT.to_owned()));
    }
}

fn value_of<'e, 'a>(argument: &'e CallArg<'a>) -> &'e Expr<'a> {
    match argument {
        CallArg::Pos(value)
        | CallArg::Kwarg(_, value)
        | CallArg::PosSplat(value)
        | CallArg::KwargSplat(value) => value,
    }
}

/// Notes whether the variables of a target hold results from now on.
fn bind(target: &Expr<'_>, holds: bool, scope: &mut Scope) {
    match target {
        Expr::Var(name) if holds => drop(scope.insert(name.id.to_owned())),
        Expr::Var(name) => drop(scope.remove(name.id)),
        Expr::List(list) => list.items.iter().for_each(|one| bind(one, holds, scope)),
        Expr::Tuple(list) => list.items.iter().for_each(|one| bind(one, holds, scope)),
        // A field of a namespace: the others may hold results already.
        Expr::GetAttr(one) if holds => bind(&one.expr, true, scope),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
