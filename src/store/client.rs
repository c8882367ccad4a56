//! The client of each kind of store. Settings and credentials come from the variables of the environment that the
//! tools of each provider read too.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientConfigKey, ObjectStore, ObjectStoreScheme, RetryConfig};
use url::{Position, Url};

use super::address::Address;
use crate::provenance;

/// How long a store may take to accept a connection, and for one answer.
const PATIENCE: [(ClientConfigKey, &str); 2] =
    [(ClientConfigKey::ConnectTimeout, "5 seconds"), (ClientConfigKey::Timeout, "60 seconds")];

/// How long a request is repeated.
const LONGEST_RETRY: Duration = Duration::from_secs(15);

/// Variables with credentials. Without any of them, requests carry none, as for a public bucket. So nothing asks for
/// the credentials of this machine, which takes long where there are none.
const OF_AWS: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];
const OF_GOOGLE: [&str; 4] = [
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
];
const OF_AZURE: [&str; 6] = [
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_TOKEN",
    "AZURE_STORAGE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
];

/// The client for an address, and the folder in the store. The error says why there is none.
pub(super) fn client(address: &Address) -> Result<(Arc<dyn ObjectStore>, Path), String> {
    match address {
        Address::Directory(directory) => {
            // A directory that is missing may be one that is not mounted now.
            let store = LocalFileSystem::new_with_prefix(directory);
            let store = store.map_err(|_| "the directory does not exist".to_owned())?;
            Ok((Arc::new(store), Path::default()))
        }
        Address::Remote(url) => remote(url).map_err(|error| error.to_string()),
    }
}

fn remote(url: &Url) -> Result<(Arc<dyn ObjectStore>, Path), object_store::Error> {
    // Another part of the program cannot have chosen, and a second choice is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (_, folder) = ObjectStoreScheme::parse(url)?;
    let retry = RetryConfig { max_retries: 3, retry_timeout: LONGEST_RETRY, ..Default::default() };
    let is_public =
        |variables: &[&str]| variables.iter().all(|name| provenance::variable(name).is_none());
    let client: Arc<dyn ObjectStore> = match url.scheme() {
        "s3" | "s3a" => {
            // Requests are signed, and contain no key. So a server of one's own may have no TLS.
            let endpoint = provenance::variable("AWS_ENDPOINT_URL");
            let is_plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http:"));
            let builder =
                PATIENCE.into_iter().fold(AmazonS3Builder::from_env(), |builder, (key, value)| {
                    builder.with_config(AmazonS3ConfigKey::Client(key), value)
                });
            let builder = builder.with_url(url.as_str()).with_retry(retry);
            let builder = if is_plain { builder.with_allow_http(true) } else { builder };
            Arc::new(builder.with_skip_signature(is_public(&OF_AWS)).build()?)
        }
        "gs" => {
            let builder = PATIENCE
                .into_iter()
                .fold(GoogleCloudStorageBuilder::from_env(), |builder, (key, value)| {
                    builder.with_config(GoogleConfigKey::Client(key), value)
                });
            let builder = builder.with_url(url.as_str()).with_retry(retry);
            Arc::new(builder.with_skip_signature(is_public(&OF_GOOGLE)).build()?)
        }
        "http" | "https" => {
            let builder = PATIENCE
                .into_iter()
                .fold(HttpBuilder::new(), |builder, (key, value)| builder.with_config(key, value));
            let builder = builder.with_config(ClientConfigKey::AllowHttp, "true");
            Arc::new(builder.with_url(&url[..Position::BeforePath]).with_retry(retry).build()?)
        }
        _ => {
            let builder = PATIENCE
                .into_iter()
                .fold(MicrosoftAzureBuilder::from_env(), |builder, (key, value)| {
                    builder.with_config(AzureConfigKey::Client(key), value)
                });
            let builder = builder.with_url(url.as_str()).with_retry(retry);
            Arc::new(builder.with_skip_signature(is_public(&OF_AZURE)).build()?)
        }
    };
    Ok((client, folder))
}
