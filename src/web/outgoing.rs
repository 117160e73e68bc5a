//! The one HTTP client: what we send to others, and to whom we may.

use std::{collections::BTreeSet, time::Duration};

use axum::http::{Request, Response};
use url::{Host, Url};

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The address is not one that this gateway may call (`outbound.allow`).
    #[error("address not allowed")]
    Forbidden,
    /// No connection, no answer in time, or a broken one.
    #[error("unreachable")]
    Unreachable,
    /// An answer other than 2xx.
    #[error("status {0}")]
    Status(u16),
    /// An answer longer than we take.
    #[error("answer too long")]
    TooLong,
}

/// How much of somebody else's time and words we take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first byte that we send to the last one that we read.
    pub time: Duration,
    /// Bytes of the answer's body.
    pub bytes: usize,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client does not start: {0}")]
pub struct NoClient(reqwest::Error);

/// Calls others, without following redirects, within ten seconds, and only where allowed.
#[derive(Clone, Debug)]
pub struct Outgoing {
    client: reqwest::Client,
    allow: Allow,
}

/// Where calls may go.
#[derive(Clone, Debug)]
pub enum Allow {
    /// These host names, whatever their port.
    Hosts(BTreeSet<String>),
    /// This machine only: the demo.
    Loopback,
}

impl Allow {
    /// Whether a call to `url` may leave.
    pub fn admits(&self, url: &Url) -> bool {
        match (self, url.host()) {
            (_, None) => false,
            (Self::Hosts(hosts), Some(host)) => {
                hosts.contains(host.to_string().to_lowercase().as_str())
            }
            (Self::Loopback, Some(Host::Domain(name))) => name == "localhost",
            (Self::Loopback, Some(Host::Ipv4(address))) => address.is_loopback(),
            (Self::Loopback, Some(Host::Ipv6(address))) => address.is_loopback(),
        }
    }
}

impl Outgoing {
    /// Builds the client. The TLS provider must be installed first.
    pub fn new(allow: Allow) -> Result<Self, NoClient> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(10))
            .no_proxy()
            .build()
            .map_err(NoClient)?;
        Ok(Self { client, allow })
    }

    /// Where its calls may go.
    pub fn allow(&self) -> &Allow {
        &self.allow
    }

    /// Posts a form; any 2xx is success.
    pub async fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> Result<(), CallError> {
        self.send(url, self.client.post(url.clone()).form(form)).await
    }

    /// Posts JSON; any 2xx is success.
    pub async fn post_json(&self, url: &Url, body: &serde_json::Value) -> Result<(), CallError> {
        self.send(url, self.client.post(url.clone()).json(body)).await
    }

    /// Puts JSON; any 2xx is success.
    pub async fn put_json(&self, url: &Url, body: &serde_json::Value) -> Result<(), CallError> {
        self.send(url, self.client.put(url.clone()).json(body)).await
    }

    /// Carries a request that a protocol library made, and hands the whole answer back, whatever its
    /// status.
    pub async fn carry(
        &self,
        request: Request<Vec<u8>>,
        patience: Patience,
    ) -> Result<Response<Vec<u8>>, CallError> {
        let unreachable = |_| CallError::Unreachable;
        let mut request = reqwest::Request::try_from(request).map_err(unreachable)?;
        if !self.allow.admits(request.url()) {
            return Err(CallError::Forbidden);
        }
        *request.timeout_mut() = Some(patience.time);
        let mut answer = self.client.execute(request).await.map_err(unreachable)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > patience.bytes {
                return Err(CallError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }

    async fn send(&self, url: &Url, request: reqwest::RequestBuilder) -> Result<(), CallError> {
        if !self.allow.admits(url) {
            return Err(CallError::Forbidden);
        }
        let response = request.send().await.map_err(|_| CallError::Unreachable)?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(CallError::Status(status.as_u16())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_go_only_where_they_may() {
        #[track_caller]
        fn check(allow: &Allow, url: &str, expected: bool) {
            assert_eq!(allow.admits(&url.parse().unwrap()), expected, "{url}");
        }
        check(&Allow::Loopback, "http://localhost:8082/x", true);
        check(&Allow::Loopback, "http://127.0.0.1:1/", true);
        check(&Allow::Loopback, "http://[::1]:1/", true);
        check(&Allow::Loopback, "http://10.0.0.1/", false);
        check(&Allow::Loopback, "http://localhost.example/", false);
        let hosts = Allow::Hosts(["dui.example".to_owned()].into());
        check(&hosts, "https://dui.example/logout", true);
        check(&hosts, "https://DUI.example:444/", true);
        check(&hosts, "https://evil.example/", false);
        check(&hosts, "http://localhost/", false);
    }
}
