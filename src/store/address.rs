//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

/// The address of a store, without credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A directory.
    Directory(PathBuf),
    /// A place in an object store, or behind a web server.
    Remote(Url),
}

/// The schemes of addresses.
const SCHEMES: [&str; 10] =
    ["s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "http", "https", "file"];

impl Address {
    /// Reads an address. A text without a scheme is a directory, which `directory` finds.
    ///
    /// # Errors
    /// If it is no address of a store, or contains credentials. The text says why, as a phrase that follows the address.
    pub fn parse(text: &str, directory: impl FnOnce(&Path) -> PathBuf) -> Result<Self, String> {
        if !text.contains("://") {
            let scheme = text.split_once(":/").map(|(scheme, _)| scheme);
            return match text.trim() {
                "" => Err("is empty".to_owned()),
                // A drive of Windows has one letter.
                _ if scheme.is_some_and(|scheme| scheme.len() > 1) => {
                    Err("needs two slashes after its scheme".to_owned())
                }
                _ if text.contains('@') && text.contains(':') => {
                    Err("looks like an address with credentials, and without `://`".to_owned())
                }
                _ => Ok(Self::Directory(directory(Path::new(text)))),
            };
        }
        let url = Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
        let scheme = url.scheme();
        // In `abfss://container@account.host/`, the part before `@` is no name of a user.
        let has_user = !url.username().is_empty() && !scheme.starts_with("abfs") && scheme != "az";
        let lower = text.to_lowercase();
        let is_hidden = ["%40", "%3a", "%3f"].iter().any(|code| lower.contains(code));
        let secret = has_user || url.password().is_some() || url.query().is_some() || is_hidden;
        match () {
            () if text.contains(|c: char| c.is_control()) || text.contains("/..") => {
                Err("contains a control character or `..`".to_owned())
            }
            () if secret => {
                Err("contains credentials or a query; give credentials in the environment"
                    .to_owned())
            }
            () if !SCHEMES.contains(&scheme) => Err(format!(
                "has the unknown scheme `{scheme}`; known are a directory, {}",
                SCHEMES.join(", ")
            )),
            () if scheme == "file" => {
                let path = url.to_file_path().map_err(|()| "is no path of a file".to_owned())?;
                Ok(Self::Directory(path))
            }
            () if url.fragment().is_some() => Err("contains `#`".to_owned()),
            () if !url.has_host() => Err("names no bucket or host".to_owned()),
            () => Ok(Self::Remote(url)),
        }
    }

    /// Whether it is a web server, which is only read.
    pub(super) fn is_web(&self) -> bool {
        // So are `https://` addresses of object stores.
        matches!(self, Self::Remote(url) if url.scheme().starts_with("http"))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "{}", path.display()),
            Self::Remote(url) => write!(f, "{url}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, String> {
        Address::parse(text, |path| Path::new("/project").join(path))
    }

    #[test]
    fn an_address_is_a_directory_or_a_place_in_a_store() {
        assert_eq!(parse("a/b"), Ok(Address::Directory("/project/a/b".into())));
        assert_eq!(parse("file:///a/b"), Ok(Address::Directory("/a/b".into())));
        for text in
            ["s3://bucket/paper", "gs://bucket", "https://example.org/paper", "az://container/x"]
        {
            assert_eq!(parse(text).unwrap().to_string().trim_end_matches('/'), text);
        }
        assert!(parse("https://example.org/paper").unwrap().is_web());
    }

    #[test]
    fn an_address_with_credentials_or_without_meaning_is_refused() {
        for (text, why) in [
            ("https://user:secret@example.org/", "credentials"),
            ("https://example.org/?sig=abc", "credentials"),
            ("s3://key@bucket/", "credentials"),
            ("s3:/key:secret@bucket", "two slashes"),
            ("me:secret@example.org/x", "credentials"),
            ("s3://b%3Asecret%40c/x", "credentials"),
            ("s3://b/a\nb", "control"),
            ("https://example.org/#secret", "contains `#`"),
            ("ftp://example.org/", "unknown scheme `ftp`"),
            ("s3://", "no bucket"),
            ("s3://[x", "is no address"),
            (" ", "is empty"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why) && !error.contains("secret"), "{text}: {error}");
        }
    }
}
