//! The head of a request: bytes → what is asked for, or why it is refused. Pure.

/// The most bytes of a head.
pub(super) const LONGEST_HEAD: usize = 16 << 10;

/// The most bytes of a body. The server needs none.
pub(super) const LONGEST_BODY: usize = 1 << 10;

/// The most headers.
const MOST_HEADERS: usize = 100;

/// The header that carries the token.
const TOKEN: &str = "x-report-token";

/// What a client may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    Post,
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: Method,
    /// The path without the first `/`, decoded. No part of it is `.`, `..` or empty, but the last may be empty.
    pub(super) path: String,
    pub(super) host: String,
    pub(super) origin: Option<String>,
    pub(super) token: Option<String>,
    /// The number of bytes of its body.
    pub(super) length: usize,
}

/// Why a request is refused: the status and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) why: &'static str,
}

pub(super) const fn refusal(status: u16, why: &'static str) -> Refusal {
    Refusal { status, why }
}

/// Where a head ends in these bytes: the place after its empty line.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

/// Reads a head, without its empty line or with it.
///
/// # Errors
/// If it is no head that this server accepts.
pub(super) fn parse(head: &[u8]) -> Result<Request, Refusal> {
    let head = str::from_utf8(head).map_err(|_| refusal(400, "the request is no text"))?;
    let mut lines = head.split("\r\n");
    let first: Vec<_> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, version] = first[..] else {
        return Err(refusal(400, "the first line is not that of a request"));
    };
    if !["HTTP/1.1", "HTTP/1.0"].contains(&version) {
        return Err(refusal(505, "the server speaks HTTP/1.1"));
    }
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        _ => return Err(refusal(405, "the server answers GET, HEAD and POST")),
    };
    let path = path(target)?;
    let (mut host, mut origin, mut token, mut length) = (None, None, None, None);
    for (index, line) in lines.take_while(|line| !line.is_empty()).enumerate() {
        let (name, value) = line.split_once(':').ok_or(refusal(400, "a header has no colon"))?;
        if index == MOST_HEADERS {
            return Err(refusal(431, "the request has too many headers"));
        }
        // A name with a space could mean another header elsewhere.
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_graphic()) {
            return Err(refusal(400, "a header has no valid name"));
        }
        let place = match name.to_ascii_lowercase().as_str() {
            "host" => &mut host,
            "origin" => &mut origin,
            TOKEN => &mut token,
            "content-length" => &mut length,
            "transfer-encoding" => return Err(refusal(411, "the body has no length")),
            _ => continue,
        };
        if place.replace(value.trim().to_owned()).is_some() {
            return Err(refusal(400, "a header stands twice"));
        }
    }
    let host = host.ok_or(refusal(400, "the request names no host"))?;
    let length = match length.as_deref().map(str::parse) {
        None => 0,
        Some(Ok(length)) if length <= LONGEST_BODY => length,
        Some(Ok(_)) => return Err(refusal(413, "the body is too long")),
        Some(Err(_)) => return Err(refusal(400, "the length of the body is no number")),
    };
    Ok(Request { method, path, host, origin, token, length })
}

/// The decoded path of a target, without the first `/` and without its query.
fn path(target: &str) -> Result<String, Refusal> {
    const FAULTY: Refusal = refusal(400, "the path is not valid");
    let encoded = target.strip_prefix('/').ok_or(FAULTY)?;
    let encoded = encoded.split(['?', '#']).next().unwrap_or_default();
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().ok_or(FAULTY)?, rest.next().ok_or(FAULTY)?];
                let digits = str::from_utf8(&digits).map_err(|_| FAULTY)?;
                // `from_str_radix` would take a sign.
                let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                u8::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal).ok_or(FAULTY)?
            }
            byte => byte,
        });
    }
    let path = String::from_utf8(bytes).map_err(|_| FAULTY)?;
    let mut parts = path.split('/').rev();
    let last = parts.next().unwrap_or_default();
    let is_plain = |part: &str| ![".", ".."].contains(&part);
    let is_valid = is_plain(last) && parts.all(|part| is_plain(part) && !part.is_empty());
    let has_control = path.chars().any(|c| c.is_control() || c == '\\');
    if is_valid && !has_control { Ok(path) } else { Err(FAULTY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(target: &str, headers: &str) -> Result<Request, u16> {
        let head = format!("GET {target} HTTP/1.1\r\nHost: localhost:1\r\n{headers}\r\n");
        parse(head.as_bytes()).map_err(|refusal| refusal.status)
    }

    #[test]
    fn a_request_names_a_path_a_host_and_what_guards_it() {
        let headers =
            "Origin: http://localhost:1\r\nx-Report-TOKEN:  abc \r\nContent-Length: 7\r\n";
        let head =
            format!("POST /digits/_train?now HTTP/1.1\r\nHost: localhost:1\r\n{headers}\r\n");
        let expected = Request {
            method: Method::Post,
            path: "digits/_train".to_owned(),
            host: "localhost:1".to_owned(),
            origin: Some("http://localhost:1".to_owned()),
            token: Some("abc".to_owned()),
            length: 7,
        };
        assert_eq!(parse(head.as_bytes()), Ok(expected));
        assert_eq!(get("/", "").unwrap().path, "");
        assert_eq!(get("/images/a%20%C3%A4.png#x", "").unwrap().path, "images/a ä.png");
    }

    #[test]
    fn a_path_cannot_lead_out_of_the_report() {
        for target in [
            "/../secret",
            "/a/../b",
            "/a/..",
            "/%2e%2e/secret",
            "/a/%2E%2E/b",
            "/./a",
            "//etc",
            "/a//b",
            "/..%2fsecret",
            "/a%5c..%5cb",
            "/a%00",
            "/%zz",
            "/%+1",
            "/%f",
            "/%ff",
            "http://localhost:1/",
            "*",
            "",
        ] {
            assert_eq!(get(target, ""), Err(400), "{target}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        assert_eq!(get("/", "Host: other\r\n"), Err(400));
        assert_eq!(get("/", "Host : other\r\n"), Err(400));
        assert_eq!(get("/", "no colon\r\n"), Err(400));
        assert_eq!(get("/", " folded: x\r\n"), Err(400));
        assert_eq!(get("/", "Transfer-Encoding: chunked\r\n"), Err(411));
        assert_eq!(get("/", "Content-Length: -1\r\n"), Err(400));
        assert_eq!(get("/", "Content-Length: 99999999\r\n"), Err(413));
        assert_eq!(get("/", &"a: b\r\n".repeat(200)), Err(431));
        let status = |head: &[u8]| parse(head).unwrap_err().status;
        assert_eq!(status(b"GET / HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status(b"GET / HTTP/2\r\nHost: a\r\n\r\n"), 505);
        assert_eq!(status(b"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
        assert_eq!(status(b"GET /\r\n\r\n"), 400);
        assert_eq!(status(b"\xff\xfe / HTTP/1.1\r\n\r\n"), 400);
    }

    #[test]
    fn a_head_ends_with_an_empty_line() {
        assert_eq!(end_of_head(b"GET / HTTP/1.1\r\n\r\nbody"), Some(18));
        assert_eq!(end_of_head(b"GET / HTTP/1.1\r\n"), None);
    }
}
