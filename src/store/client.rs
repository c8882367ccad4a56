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
const OF_GOOGLE: [&str; 6] = [
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_BEARER_TOKEN",
    "SERVICE_ACCOUNT",
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
    // Fails only if it was chosen before, which was the same choice.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let retry = RetryConfig { max_retries: 3, retry_timeout: LONGEST_RETRY, ..Default::default() };
    let is_public =
        |variables: &[&str]| variables.iter().all(|name| provenance::variable(name).is_none());
    let parsed = |url: &Url| Ok::<_, object_store::Error>(ObjectStoreScheme::parse(url)?.1);
    let (client, folder): (Arc<dyn ObjectStore>, _) = match url.scheme() {
        "s3" | "s3a" => {
            let endpoint = ENDPOINTS.iter().find_map(|name| provenance::variable(name));
            let is_plain = endpoint.is_some_and(|url| url.to_lowercase().starts_with("http:"));
            let mut builder = AmazonS3Builder::from_env().with_url(url.as_str()).with_retry(retry);
            for (key, value) in PATIENCE {
                builder = builder.with_config(AmazonS3ConfigKey::Client(key), value);
            }
            // Who names a server without TLS wants it.
            if is_plain {
                builder = builder.with_allow_http(true);
            }
            if is_public(&OF_AWS) {
                builder = builder.with_skip_signature(true);
            }
            (Arc::new(builder.build()?), parsed(url)?)
        }
        "gs" => {
            let mut builder =
                GoogleCloudStorageBuilder::from_env().with_url(url.as_str()).with_retry(retry);
            for (key, value) in PATIENCE {
                builder = builder.with_config(GoogleConfigKey::Client(key), value);
            }
            if is_public(&OF_GOOGLE) {
                builder = builder.with_skip_signature(true);
            }
            (Arc::new(builder.build()?), parsed(url)?)
        }
        "http" | "https" => {
            let mut builder =
                HttpBuilder::new().with_url(&url[..Position::BeforePath]).with_retry(retry);
            for (key, value) in PATIENCE {
                builder = builder.with_config(key, value);
            }
            let builder = builder.with_config(ClientConfigKey::AllowHttp, "true");
            (Arc::new(builder.build()?), Path::from_url_path(url.path())?)
        }
        _ => {
            let mut builder =
                MicrosoftAzureBuilder::from_env().with_url(url.as_str()).with_retry(retry);
            for (key, value) in PATIENCE {
                builder = builder.with_config(AzureConfigKey::Client(key), value);
            }
            if is_public(&OF_AZURE) {
                builder = builder.with_skip_signature(true);
            }
            (Arc::new(builder.build()?), parsed(url)?)
        }
    };
    Ok((client, folder))
}
