//! Who may ask: only pages of this server, opened on this machine. Pure.

use super::request::{Method, Refusal, Request, refusal};

/// Refuses a request under a foreign name, and a request that changes something without the token of the page.
///
/// A page of another site can send requests to this machine, also under a name of its own that leads here. It cannot
/// send another `Host` or `Origin` than its own, and it cannot read the token.
///
/// # Errors
/// If it is refused.
pub(super) fn check(request: &Request, port: u16, token: &str) -> Result<(), Refusal> {
    let host = request.host.to_ascii_lowercase();
    if !is_own(&host, port) {
        return Err(refusal(403, "this server answers only at localhost"));
    }
    if request.method != Method::Post {
        return Ok(());
    }
    let origin = request.origin.as_deref().map(str::to_ascii_lowercase);
    if origin != Some(format!("http://{host}")) {
        return Err(refusal(403, "the request does not come from a page of this server"));
    }
    match request.token.as_deref() == Some(token) {
        true => Ok(()),
        false => Err(refusal(403, "the request has no valid token; load the page again")),
    }
}

/// Whether a host, in lower case, is this machine with this port.
fn is_own(host: &str, port: u16) -> bool {
    let names = ["localhost", "127.0.0.1", "[::1]"];
    names.iter().any(|name| host == format!("{name}:{port}") || (port == 80 && host == *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, host: &str, origin: Option<&str>, token: Option<&str>) -> bool {
        let request = Request {
            method,
            path: String::new(),
            host: host.to_owned(),
            origin: origin.map(str::to_owned),
            token: token.map(str::to_owned),
            length: 0,
        };
        check(&request, 7400, "secret").is_ok()
    }

    #[test]
    fn only_names_of_this_machine_with_the_own_port_are_answered() {
        for host in ["localhost:7400", "LOCALHOST:7400", "127.0.0.1:7400", "[::1]:7400"] {
            assert!(asked(Method::Get, host, None, None), "{host}");
        }
        for host in [
            "evil.example:7400",
            "evil.example",
            "localhost",
            "localhost:7401",
            "127.0.0.1",
            "127.0.0.2:7400",
            "localhost.evil.example:7400",
            "localhost:7400.evil.example",
            "0.0.0.0:7400",
            "",
            "localhost:07400",
        ] {
            assert!(!asked(Method::Get, host, None, None), "{host}");
            let origin = format!("http://{host}");
            assert!(!asked(Method::Post, host, Some(&origin), Some("secret")), "{host}");
        }
    }

    #[test]
    fn a_change_needs_the_token_and_the_own_origin() {
        let change = |origin, token| asked(Method::Post, "localhost:7400", origin, token);
        assert!(change(Some("http://localhost:7400"), Some("secret")));
        for origin in [
            None,
            Some("null"),
            Some("http://evil.example"),
            Some("http://127.0.0.1:7400"),
            Some("https://localhost:7400"),
        ] {
            assert!(!change(origin, Some("secret")), "{origin:?}");
        }
        for token in [None, Some(""), Some("secret2"), Some("Secret")] {
            assert!(!change(Some("http://localhost:7400"), token), "{token:?}");
        }
    }
}
