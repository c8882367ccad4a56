//! Messages without credentials.

use crate::provenance;

/// The beginnings of the names of variables that stores read.
const PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// Words in the names of variables whose values are secret.
const SECRET: [&str; 6] = ["ACCOUNT", "KEY", "PASSWORD", "SAS", "SECRET", "TOKEN"];

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
    let words = message.split_whitespace().map(without_user);
    let words = words.map(|word| match word.split_once('?') {
        Some((address, query)) if address.contains("://") => {
            let end = query.trim_start_matches(|c: char| !"\"'`)>,;".contains(c));
            format!("{address}?…{end}")
        }
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// An address without the name and the password of a user.
fn without_user(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://…{}", &rest[at..]),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_neither_secrets_nor_queries() {
        let message = "GET https://a.example/x?sig=abc&se=1 http://me:pa@ss@h:9/b\n(key hunter2): <?xml?> who? (https://b/?token=q)";
        let secrets = ["hunter2", "1"].map(str::to_owned).into_iter();
        assert_eq!(
            without(message, secrets),
            "GET https://a.example/x?… http://…@h:9/b (key …): <?xml?> who? (https://b/?…)"
        );
    }
}
