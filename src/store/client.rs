//! The client of each kind of store. Settings and credentials come from the variables of the environment that the
//! tools of each provider read too.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{ClientConfigKey, ObjectStore, ObjectStoreScheme, RetryConfig};
use url::{Position, Url};

use super::bounded::Bounded;
use crate::provenance;

/// How long a store may take to accept a connection, and for one answer.
const PATIENCE: [(ClientConfigKey, &str); 2] =
    [(ClientConfigKey::ConnectTimeout, "5 seconds"), (ClientConfigKey::Timeout, "20 seconds")];

/// How long a request is repeated.
const LONGEST_RETRY: Duration = Duration::from_secs(15);

/// Variables that give credentials, or say how to get them. Without any of them, requests are anonymous, as a public
/// bucket allows. This avoids the query for credentials of the machine, which is slow outside a cloud.
const OF_AWS: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_METADATA_ENDPOINT",
];
const OF_GOOGLE: [&str; 5] = [
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_BEARER_TOKEN",
];
const OF_AZURE: [&str; 12] = [
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_MASTER_KEY",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_TOKEN",
    "AZURE_STORAGE_CLIENT_SECRET",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_MSI_ENDPOINT",
    "AZURE_IDENTITY_ENDPOINT",
    "AZURE_USE_AZURE_CLI",
];

/// Variables with the address of a server of one's own.
const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];

/// The settings of a kind of store in the environment: the variables that begin with `prefix`, in lower case.
///
/// # Errors
/// If a value cannot be part of a request. The text names the variable, and not its value.
fn settings(prefix: &str) -> Result<Vec<(String, String)>, String> {
    let names = provenance::variables(prefix).into_iter();
    let names = names.filter_map(|name| name.into_string().ok());
    let set = names.filter_map(|name| Some((provenance::variable(&name)?.trim().to_owned(), name)));
    set.filter(|(value, _)| !value.is_empty())
        .map(|(value, name)| {
            let is_address = ENDPOINTS.contains(&name.as_str())
                || (name.contains("ENDPOINT") && !name.contains("STYLE") && value.contains("//"));
            match () {
                () if value.contains(|c: char| c.is_control()) => {
                    Err(format!("the value of `{name}` has a line break or another control character"))
                }
                () if is_address && !is_plain_address(&value) => Err(format!(
                    "`{name}` is no address of a server; write `http://HOST:PORT`, without credentials"
                )),
                () => Ok((name.to_lowercase(), value)),
            }
        })
        .collect()
}

/// Whether a text is the address of a web server, without credentials.
fn is_plain_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let is_web = ["http", "https"].contains(&url.scheme());
        is_web
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
    })
}

/// The client of an object store or a web server, and a folder there.
pub(super) type Client = (Arc<dyn ObjectStore>, Path);

/// The client for an address, and the folder in the store. The error says why there is none.
pub(super) fn client(url: &Url) -> Result<Client, String> {
    let prefix = match url.scheme() {
        "s3" | "s3a" => "AWS_",
        "gs" => "GOOGLE_",
        "http" | "https" => return web(url).map_err(|error| error.to_string()),
        _ => "AZURE_",
    };
    remote(url, &settings(prefix)?).map_err(|error| error.to_string())
}

/// How often and how long a request is repeated.
fn retry() -> RetryConfig {
    RetryConfig { max_retries: 3, retry_timeout: LONGEST_RETRY, ..Default::default() }
}

fn choose_cryptography() {
    // Fails only if it was chosen before, which was the same choice.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The client of a web server.
fn web(url: &Url) -> Result<Client, object_store::Error> {
    choose_cryptography();
    let mut builder = HttpBuilder::new().with_url(&url[..Position::BeforePath]);
    for (key, value) in PATIENCE {
        builder = builder.with_config(key, value);
    }
    let builder = builder.with_config(ClientConfigKey::AllowHttp, "true").with_retry(retry());
    let client = builder.with_http_connector(Bounded::default()).build()?;
    Ok((Arc::new(client), Path::from_url_path(url.path())?))
}

/// A builder with the settings, limits and address of a store. The builders of `object_store` have the same methods,
/// and no trait in common.
macro_rules! builder {
    ($builder:ty, $key:path, $url:expr, $settings:expr, $credentials:expr) => {{
        let mut builder = <$builder>::new();
        for (key, value) in $settings {
            if let Ok(key) = key.parse() {
                builder = builder.with_config(key, value);
            }
        }
        for (key, value) in PATIENCE {
            builder = builder.with_config($key(key), value);
        }
        if !has_any($settings, $credentials) {
            builder = builder.with_skip_signature(true);
        }
        let builder = builder.with_url($url.as_str()).with_retry(retry());
        builder.with_http_connector(Bounded::default())
    }};
}

/// Whether one of the `variables` is set.
fn has_any(settings: &[(String, String)], variables: &[&str]) -> bool {
    settings.iter().any(|(key, _)| variables.iter().any(|name| name.to_lowercase() == *key))
}

/// The client of an object store, with these settings.
fn remote(url: &Url, settings: &[(String, String)]) -> Result<Client, object_store::Error> {
    choose_cryptography();
    let client: Arc<dyn ObjectStore> = match url.scheme() {
        "s3" | "s3a" => {
            let builder =
                builder!(AmazonS3Builder, AmazonS3ConfigKey::Client, url, settings, &OF_AWS);
            // Who names a server without TLS wants it.
            let is_endpoint = |key: &str| ENDPOINTS.iter().any(|name| name.to_lowercase() == key);
            let mut endpoints = settings.iter().filter(|(key, _)| is_endpoint(key));
            let is_plain = endpoints.any(|(_, url)| url.to_lowercase().starts_with("http:"));
            let builder = if is_plain { builder.with_allow_http(true) } else { builder };
            Arc::new(builder.build()?)
        }
        "gs" => Arc::new(
            builder!(GoogleCloudStorageBuilder, GoogleConfigKey::Client, url, settings, &OF_GOOGLE)
                .build()?,
        ),
        _ => Arc::new(
            builder!(MicrosoftAzureBuilder, AzureConfigKey::Client, url, settings, &OF_AZURE)
                .build()?,
        ),
    };
    Ok((client, ObjectStoreScheme::parse(url)?.1))
}
