//! Answers of limited size.

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
    ReqwestConnector,
};

/// The largest answer in bytes: of the largest file, and of any list or message.
pub const LARGEST: u64 = 64 << 20;

/// Makes clients that end an answer which is too large.
#[derive(Debug, Default)]
pub(super) struct Bounded(ReqwestConnector);

impl HttpConnector for Bounded {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(BoundedClient(self.0.connect(options)?)))
    }
}

#[derive(Debug)]
struct BoundedClient(HttpClient);

#[async_trait]
impl HttpService for BoundedClient {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = self.0.execute(request).await?.into_parts();
        let mut stream = body.bytes_stream();
        let mut answer = Vec::new();
        while let Some(part) = stream.try_next().await? {
            if (answer.len() + part.len()) as u64 > LARGEST {
                return Err(HttpError::new(HttpErrorKind::Decode, TooLarge));
            }
            answer.extend_from_slice(&part);
        }
        Ok(HttpResponse::from_parts(parts, answer.into()))
    }
}

/// The error of an answer that is too large.
#[derive(Debug, thiserror::Error)]
#[error("the answer has more than 64 MiB, so it is no record")]
struct TooLarge;
