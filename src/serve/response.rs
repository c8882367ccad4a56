//! Responses: status, type and body → bytes. Pure.

use std::path::Path;

use super::request::Refusal;

/// What every response says: nothing is kept, no other site shows it in a frame or reads it, and no type is guessed.
const ALWAYS: &str = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\nReferrer-Policy: same-origin\r\nConnection: close\r\n";

/// The types of files that can have scripts.
const HTML: &str = "text/html; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Response {
    status: u16,
    kind: &'static str,
    /// Other headers, each with its line end.
    headers: String,
    body: Vec<u8>,
}

impl Response {
    /// A page.
    pub(super) fn page(html: String) -> Self {
        let headers = "Content-Security-Policy: frame-ancestors 'none'\r\n".to_owned();
        Self { status: 200, kind: HTML, headers, body: html.into_bytes() }
    }

    /// A file of a report. Opened alone, it runs no script: a drawing could have one.
    pub(super) fn file(path: &str, body: Vec<u8>) -> Self {
        const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:";
        let kind = kind_of(path);
        let headers = match kind == SVG || kind == HTML {
            true => format!("Content-Security-Policy: {POLICY}\r\n"),
            false => String::new(),
        };
        Self { status: 200, kind, headers, body }
    }

    /// A text.
    pub(super) fn text(status: u16, text: &str) -> Self {
        let (kind, body) = ("text/plain; charset=utf-8", format!("{text}\n").into_bytes());
        Self { status, kind, headers: String::new(), body }
    }

    /// The address of a folder, for a client that left out the last `/`.
    pub(super) fn moved(to: &str) -> Self {
        let headers = format!("Location: {to}\r\n");
        Self { headers, ..Self::text(301, "the address ends with /") }
    }

    /// Its bytes. Without a body for a request that asks only for the head.
    pub(super) fn bytes(&self, has_body: bool) -> Vec<u8> {
        let Self { status, kind, headers, body } = self;
        let head = format!(
            "HTTP/1.1 {status} {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{ALWAYS}{headers}\r\n",
            reason(*status),
            body.len()
        );
        let body: &[u8] = if has_body { body } else { b"" };
        [head.as_bytes(), body].concat()
    }
}

impl From<Refusal> for Response {
    fn from(Refusal { status, why }: Refusal) -> Self {
        Self::text(status, why)
    }
}

/// The head of a stream of events. A client that loses it connects again after a second.
pub(super) fn events_head() -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{ALWAYS}\r\nretry: 1000\n\n")
        .into_bytes()
}

/// An event with these data, which have no line end.
pub(super) fn event(data: &str) -> Vec<u8> {
    format!("data: {data}\n\n").into_bytes()
}

/// Bytes of a stream of events that mean nothing.
pub(super) const STILL_HERE: &[u8] = b":\n\n";

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        301 => "Moved Permanently",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Internal Server Error",
    }
}

/// The type of a file, by the end of its name.
fn kind_of(path: &str) -> &'static str {
    let ending = Path::new(path).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "html" | "htm" | "xhtml" => HTML,
        "svg" => SVG,
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "csv" | "md" | "tex" | "txt" | "toml" | "py" | "bib" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_has_the_length_of_its_body_and_a_head_alone_too() {
        let response = Response::text(404, "ä");
        let text = String::from_utf8(response.bytes(true)).unwrap();
        assert!(
            text.starts_with("HTTP/1.1 404 Not Found\r\n") && text.ends_with("\r\n\r\nä\n"),
            "{text}"
        );
        assert!(
            text.contains("\r\nContent-Length: 3\r\n")
                && text.contains("\r\nX-Frame-Options: DENY\r\n")
        );
        let head = String::from_utf8(response.bytes(false)).unwrap();
        assert_eq!(head, text.strip_suffix("ä\n").unwrap());
    }

    #[test]
    fn a_drawing_that_is_opened_alone_runs_no_script() {
        let text =
            String::from_utf8(Response::file("figures/a.svg", Vec::new()).bytes(true)).unwrap();
        assert!(
            text.contains("Content-Type: image/svg+xml\r\n")
                && text.contains("Content-Security-Policy: default-src 'none'"),
            "{text}"
        );
    }
}
