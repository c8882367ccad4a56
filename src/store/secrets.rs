//! Messages without credentials.

use crate::provenance;

/// The beginnings of the names of variables that stores read.
const PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// Words in the names of variables whose values are secret.
const SECRET: [&str; 5] = ["KEY", "PASSWORD", "SAS", "SECRET", "TOKEN"];

/// A message on one line, without the values of secret variables and without the queries of addresses, which can contain
/// a signature.
pub(super) fn hidden(message: &str) -> String {
    let names = PREFIXES.iter().flat_map(|prefix| provenance::variables(prefix));
    let names = names.filter_map(|name| name.into_string().ok());
    let secret = names.filter(|name| SECRET.iter().any(|word| name.contains(word)));
    without(message, secret.filter_map(|name| provenance::variable(&name)))
}

fn without(message: &str, secrets: impl Iterator<Item = String>) -> String {
    // Short values, such as `1`, are not secret, and may appear anywhere.
    let hidden = secrets.filter(|secret| secret.len() >= 4);
    let message = hidden.fold(message.to_owned(), |message, secret| message.replace(&secret, "…"));
    let words = message.split_whitespace().map(|word| match word.split_once('?') {
        Some((address, query)) if address.contains("://") => {
            let end = query.trim_start_matches(|c: char| !"\"'`)>,;".contains(c));
            format!("{address}?…{end}")
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_neither_secrets_nor_queries() {
        let message = "GET https://a.example/x?sig=abc&se=1\n(key hunter2): <?xml?> who? (https://b/?token=q)";
        let secrets = ["hunter2", "1"].map(str::to_owned).into_iter();
        assert_eq!(
            without(message, secrets),
            "GET https://a.example/x?… (key …): <?xml?> who? (https://b/?…)"
        );
    }
}
