//! The names of authors.

use biblatex::Person;

/// A person, or an organisation that has only a family name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The family name with its particle: `van der Maaten`.
    pub(super) family: String,
    /// The given names.
    pub(super) given: String,
    /// What follows the name, like `Jr.`
    pub(super) suffix: String,
}

/// The authors or the editors of a work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) all: Vec<Name>,
    /// Whether there are more than the file names.
    pub(super) and_others: bool,
}

/// The word between the last two names.
#[derive(Clone, Copy)]
pub(super) enum And {
    Word,
    Sign,
}

impl And {
    fn text(self) -> &'static str {
        match self {
            Self::Word => "and",
            Self::Sign => "&",
        }
    }
}

impl Name {
    fn new(person: &Person) -> Self {
        let tidy =
            |text: &str| text.replace('~', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            family: tidy(&format!("{} {}", person.prefix, person.name)),
            given: tidy(&person.given_name),
            suffix: tidy(&person.suffix),
        }
    }

    /// `Y.`, `J.-P.`, `J. R. R.`
    pub(super) fn initials(&self) -> String {
        let of_part =
            |part: &str| part.chars().find(|c| c.is_alphabetic()).map(|c| format!("{c}."));
        let of_word = |word: &str| {
            // `J.R.R.` has its initials without spaces.
            let dotted = word.split_inclusive('.').filter_map(|name| {
                let parts = name.split('-').filter_map(of_part).collect::<Vec<_>>();
                (!parts.is_empty()).then(|| parts.join("-"))
            });
            // `J.-P.` is split before its hyphen.
            dotted.collect::<Vec<_>>().join(if word.contains(".-") { "-" } else { " " })
        };
        let words = self.given.split_whitespace().map(of_word).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }
}

impl Names {
    pub(super) fn new(people: &[Person]) -> Self {
        let is_others = |person: &&Person| {
            person.name == "others" && person.given_name.is_empty() && person.prefix.is_empty()
        };
        let others = people.iter().filter(is_others).count();
        let named = people.iter().filter(|person| !is_others(person)).map(Name::new);
        let all = named.filter(|name| !name.family.is_empty() || !name.given.is_empty());
        Self { all: all.collect(), and_others: others > 0 }
    }

    /// An organisation.
    pub(super) fn of_organisation(name: &str) -> Self {
        let all = vec![Name { family: name.to_owned(), ..Name::default() }];
        Self { all, and_others: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The names in a text: `Bottou`, `Kingma and Ba`, `LeCun et al.`
    pub(super) fn short(&self, and: And) -> String {
        let family = |name: &Name| match name.family.is_empty() {
            true => name.given.clone(),
            false => name.family.clone(),
        };
        match &self.all[..] {
            [] => String::new(),
            [one] if !self.and_others => family(one),
            [one, two] if !self.and_others => {
                format!("{} {} {}", family(one), and.text(), family(two))
            }
            [first, ..] => format!("{} et al.", family(first)),
        }
    }
}

/// `parts` with commas, and `and` before the last. `two` stands between only two.
pub(super) fn listed(parts: &[String], and: And, two: &str, last: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one}{two}{} {other}", and.text()),
        [first @ .., end] => format!("{}{last}{} {end}", first.join(", "), and.text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_become_initials() {
        for (given, initials) in [
            ("Yann", "Y."),
            ("Diederik P.", "D. P."),
            ("J.R.R.", "J. R. R."),
            ("Jean-Paul", "J.-P."),
            ("J.-P.", "J.-P."),
            ("Øyvind", "Ø."),
            ("", ""),
            ("–", ""),
        ] {
            let name = Name { given: given.to_owned(), ..Name::default() };
            assert_eq!(name.initials(), initials, "{given}");
        }
    }
}
