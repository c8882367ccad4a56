//! A key, a table with its keys, and what keys take.

use std::fmt;
use std::ops::{Bound, RangeBounds};

/// A table of a file, with its keys.
#[derive(Debug)]
pub struct Section {
    /// Its path in the file, without the indices of lists: `train.optimizer`. Empty for a whole file.
    pub path: &'static str,
    /// What it describes.
    pub about: &'static str,
    /// It in a file.
    pub example: &'static str,
    /// How its kind is told.
    pub tag: Tag,
    /// Its keys, in groups.
    pub keys: &'static [&'static [Key]],
}

/// How a table tells which of its keys have a use.
#[derive(Clone, Copy, Debug)]
pub enum Tag {
    /// All of them have.
    None,
    /// By the word of this key. Without it, the kind is the second word; if that is empty, the key is required.
    Word(&'static str, &'static str),
    /// By the one of these keys that it has.
    Key(&'static [&'static str]),
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// The values that it takes.
    pub takes: Takes,
    /// Whether it may be missing.
    pub need: Need,
    /// What it means, as a part of a sentence.
    pub about: &'static str,
    /// The kinds of the table in which it has a use; all, if there are none.
    pub of: &'static [&'static str],
}

/// Whether a key may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A table without it is a mistake.
    Required,
    /// This stands for it, as the reference page shows it. Empty if nothing does.
    Default(&'static str),
    /// Other keys decide whether it may be missing, as the text says.
    Depends(&'static str),
}

impl Key {
    /// A key that a table must have.
    #[must_use]
    pub const fn required(name: &'static str, takes: Takes, about: &'static str) -> Self {
        Self { name, takes, need: Need::Required, about, of: &[] }
    }

    /// A key that a table may have.
    #[must_use]
    pub const fn optional(name: &'static str, takes: Takes, about: &'static str) -> Self {
        Self::default(name, takes, "", about)
    }

    /// A key with a default.
    #[must_use]
    pub const fn default(
        name: &'static str,
        takes: Takes,
        default: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, takes, need: Need::Default(default), about, of: &[] }
    }

    /// A key that a table must have if the text says so.
    #[must_use]
    pub const fn depends(
        name: &'static str,
        takes: Takes,
        when: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, takes, need: Need::Depends(when), about, of: &[] }
    }

    /// The same key, for some kinds of its table.
    #[must_use]
    pub const fn of(self, kinds: &'static [&'static str]) -> Self {
        Self { of: kinds, ..self }
    }

    /// What it means, as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut letters = self.about.chars();
        let first = letters.next().map(char::to_uppercase);
        let end = if self.about.ends_with('.') { "" } else { "." };
        first.into_iter().flatten().chain(letters).collect::<String>() + end
    }

    /// Whether a table of this kind has it.
    #[must_use]
    pub fn is_of(&self, kind: Option<&str>) -> bool {
        self.of.is_empty() || kind.is_some_and(|kind| self.of.contains(&kind))
    }
}

impl Section {
    /// All keys, in order.
    pub fn all(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().flat_map(|group| group.iter())
    }

    /// The key of this name in a table of this kind.
    #[must_use]
    pub fn key(&self, name: &str, kind: Option<&str>) -> Option<&'static Key> {
        self.all().find(|key| key.name == name && key.is_of(kind))
    }

    /// The kinds, in order of the words of the tag.
    #[must_use]
    pub fn kinds(&self) -> &'static [&'static str] {
        match self.tag {
            Tag::None => &[],
            Tag::Key(kinds) => kinds,
            Tag::Word(key, _) => match self.all().find(|own| own.name == key).map(|key| &key.takes)
            {
                Some(Takes::Word(_, words)) => words,
                _ => &[],
            },
        }
    }
}

/// The values that a key takes.
#[derive(Debug)]
pub enum Takes {
    /// `true` or `false`.
    Boolean,
    /// An integer from the first to the second.
    Integer(i64, i64),
    /// A number in this range.
    Number(Bound<f64>, Bound<f64>),
    /// A text that is not empty.
    Text,
    /// A text that tables show.
    Label,
    /// The name of something, such as “a metric”.
    Name(&'static str),
    /// One of several words: what they name, and the words.
    Word(&'static str, &'static [&'static str]),
    /// A list.
    List(&'static Takes),
    /// A table whose keys are names.
    Map(&'static Takes),
    /// A table with keys of its own.
    Table(&'static Section),
    /// One of several forms, and what they are together.
    Either(&'static [Takes], &'static str),
    /// Any value, of which other rules decide. The text says what it is.
    Any(&'static str),
}

/// What stands for something else in tables: a missing number, and a row of all rows.
pub const TAKEN: [&str; 2] = ["–", "all together"];

/// No limit.
pub(super) const ANY_NUMBER: Takes = Takes::Number(Bound::Unbounded, Bound::Unbounded);

/// A number of more than 0.
pub(super) const ABOVE_0: Takes = Takes::Number(Bound::Excluded(0.0), Bound::Unbounded);

/// A number from 0 to less than 1.
pub(super) const BELOW_1: Takes = Takes::Number(Bound::Included(0.0), Bound::Excluded(1.0));

/// A path.
pub(super) const PATH: Takes = Takes::Name("a file");

/// An integer of at least this.
pub(super) const fn at_least(least: i64) -> Takes {
    Takes::Integer(least, i64::MAX)
}

/// A number from one to another.
pub(super) const fn from_to(least: f64, most: f64) -> Takes {
    Takes::Number(Bound::Included(least), Bound::Included(most))
}

/// A number of more than 0, up to another.
pub(super) const fn above_0(most: f64) -> Takes {
    Takes::Number(Bound::Excluded(0.0), Bound::Included(most))
}

/// A range in words: `from 1 to 5`, `at least 1 and less than 5`. Empty without limits.
#[must_use]
pub fn range<T: fmt::Display>(least: Bound<T>, most: Bound<T>) -> String {
    if let (Bound::Included(least), Bound::Included(most)) = (&least, &most) {
        return format!("from {least} to {most}");
    }
    let least = match least {
        Bound::Included(bound) => format!("at least {bound}"),
        Bound::Excluded(bound) => format!("more than {bound}"),
        Bound::Unbounded => String::new(),
    };
    let most = match most {
        Bound::Included(bound) => format!("at most {bound}"),
        Bound::Excluded(bound) => format!("less than {bound}"),
        Bound::Unbounded => String::new(),
    };
    let and = if least.is_empty() || most.is_empty() { "" } else { " and " };
    format!("{least}{and}{most}")
}

impl Takes {
    /// Whether a number is in its range.
    #[must_use]
    pub fn contains(&self, number: f64) -> bool {
        matches!(self, Self::Number(least, most) if (*least, *most).contains(&number))
    }

    /// The section of the table that it takes, or of the tables in its list.
    #[must_use]
    pub fn section(&self) -> Option<&'static Section> {
        match self {
            Self::Table(section) => Some(section),
            Self::List(of) | Self::Map(of) => of.section(),
            Self::Either(forms, _) => forms.iter().find_map(Self::section),
            _ => None,
        }
    }

    /// The limits of an integer or a number in words. Empty without limits.
    #[must_use]
    pub fn limits(&self) -> String {
        match *self {
            Self::Integer(least, most) => {
                let most = if most == i64::MAX { Bound::Unbounded } else { Bound::Included(most) };
                range(Bound::Included(least), most)
            }
            Self::Number(least, most) => range(least, most),
            _ => String::new(),
        }
    }

    /// The type alone: “an integer”.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Boolean => "a boolean".to_owned(),
            Self::Integer(..) => "an integer".to_owned(),
            Self::Number(..) => "a number".to_owned(),
            Self::Text | Self::Label => "a string".to_owned(),
            Self::Name(what) => format!("the name of {what}"),
            Self::Word(what, words) if words.len() > MOST_WORDS => format!("the name of a {what}"),
            Self::Word(_, words) => one_of(words),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) | Self::Table(_) => "a table".to_owned(),
            Self::Either(_, what) | Self::Any(what) => (*what).to_owned(),
        }
    }
}

/// The most words that a message lists.
const MOST_WORDS: usize = 10;

/// Words in quotes: “`a`, `b` or `c`”.
fn one_of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// All that it says of a value: “an integer of at least 1”.
impl fmt::Display for Takes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self.limits();
        match self {
            Self::Integer(0, i64::MAX) => f.write_str("an integer that is not negative"),
            Self::List(of) => match of {
                Self::Any(what) => write!(f, "a list: {what}"),
                of => write!(f, "a list, each item {of}"),
            },
            Self::Map(of) => write!(f, "a table, each value {of}"),
            _ if limits.is_empty() => f.write_str(&self.kind()),
            _ if limits.starts_with("from") => write!(f, "{} {limits}", self.kind()),
            _ => write!(f, "{} of {limits}", self.kind()),
        }
    }
}
