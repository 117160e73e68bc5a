//! A simple browser: cookies, redirects, forms, meta refresh; no script.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum_extra::extract::cookie::Cookie;
use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::page::{Attached, FilledForm, Page};
use super::story::Told;

const MOST_REDIRECTS: usize = 20;
/// A page that refreshes itself is asked again after this, not after its own two seconds.
const IMPATIENCE: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(15);

/// Between the parts of a form that carries a file.
const BOUNDARY: &str = "passerelle-visite-7d1f0c2e";

/// What goes with a request.
#[derive(Clone, Copy)]
enum Body<'a> {
    None,
    Form(&'a [(String, String)]),
    Parts(&'a [(String, String)], &'a Attached<'a>),
}

/// One person's browser.
pub(crate) struct Browser {
    http: reqwest::Client,
    cookies: Vec<Kept>,
    /// Stops before it goes to an address that begins like this.
    held_at: Option<String>,
}

struct Kept {
    host: String,
    path: String,
    name: String,
    value: String,
}

impl Browser {
    pub(crate) fn new(http: &reqwest::Client) -> Self {
        Self { http: http.clone(), cookies: Vec::new(), held_at: None }
    }

    /// Opens an address and follows where it leads.
    pub(crate) async fn open(&mut self, url: &str) -> Told<Page> {
        let url = Url::parse(url).map_err(|error| format!("{url} : {error}"))?;
        self.go(Method::GET, url, Body::None).await
    }

    /// Opens an address, but stops before the first one that begins with `stop`: its address is
    /// what one wants to keep.
    pub(crate) async fn open_until(&mut self, url: &str, stop: &str) -> Told<Url> {
        self.held_at = Some(stop.to_owned());
        let page = self.open(url).await;
        self.held_at = None;
        let page = page?;
        if page.url.as_str().starts_with(stop) {
            return Ok(page.url);
        }
        Err(format!("pas de retour vers {stop}, {}", page.seen()))
    }

    /// Follows a link of the page that was shown last.
    pub(crate) async fn follow(&mut self, page: &Page, css: &str) -> Told<Page> {
        let to = page.link(css).ok_or_else(|| format!("pas de lien {css}, {}", page.seen()))?;
        self.go(Method::GET, to, Body::None).await
    }

    /// Sends a form together with a file.
    pub(crate) async fn submit_with(
        &mut self,
        form: FilledForm,
        file: &Attached<'_>,
    ) -> Told<Page> {
        self.go(Method::POST, form.action, Body::Parts(&form.fields, file)).await
    }

    pub(crate) async fn submit(&mut self, form: FilledForm) -> Told<Page> {
        if form.posts {
            return self.go(Method::POST, form.action, Body::Form(&form.fields)).await;
        }
        let mut url = form.action;
        url.query_pairs_mut().clear().extend_pairs(&form.fields);
        self.go(Method::GET, url, Body::None).await
    }

    /// Lets a waiting page refresh itself until `done`.
    pub(crate) async fn wait(
        &mut self,
        mut page: Page,
        done: impl Fn(&Page) -> bool + Send,
    ) -> Told<Page> {
        let end = Instant::now() + PATIENCE;
        while !done(&page) {
            let next = page.refresh().ok_or_else(|| format!("rien à attendre, {}", page.seen()))?;
            if Instant::now() > end {
                return Err(format!("l'attente dure, {}", page.seen()));
            }
            tokio::time::sleep(IMPATIENCE).await;
            page = self.go(Method::GET, next, Body::None).await?;
        }
        Ok(page)
    }

    /// A call of a page's own program, with the browser's cookies.
    pub(crate) async fn call(
        &mut self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Told<(u16, Value)> {
        let url = Url::parse(url).map_err(|error| format!("{url} : {error}"))?;
        let mut request = self.request(method, &url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| format!("{url} : {error}"))?;
        let status = response.status().as_u16();
        Ok((status, response.json().await.unwrap_or_default()))
    }

    async fn go(&mut self, method: Method, url: Url, body: Body<'_>) -> Told<Page> {
        let (mut method, mut url, mut body) = (method, url, body);
        for _ in 0..MOST_REDIRECTS {
            let request = self.request(method, &url);
            let request = match body {
                Body::None => request,
                Body::Form(fields) => request.form(fields),
                Body::Parts(fields, file) => request
                    .header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
                    .body(multipart(fields, file)),
            };
            let response = request.send().await.map_err(|error| format!("{url} : {error}"))?;
            let status = response.status();
            for cookie in response.headers().get_all(SET_COOKIE) {
                self.keep(&url, cookie.to_str().unwrap_or_default());
            }
            let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let Some(location) = location.filter(|_| status.is_redirection()) else {
                let text = response.text().await.map_err(|error| format!("{url} : {error}"))?;
                return Ok(Page { url, status: status.as_u16(), body: text });
            };
            url = url.join(location).map_err(|error| format!("{location} : {error}"))?;
            if self.held_at.as_ref().is_some_and(|stop| url.as_str().starts_with(stop)) {
                return Ok(Page { url, status: status.as_u16(), body: String::new() });
            }
            (method, body) = (Method::GET, Body::None);
        }
        Err(format!("trop de redirections vers {}", url.path()))
    }

    fn request(&self, method: Method, url: &Url) -> reqwest::RequestBuilder {
        let host = url.host_str().unwrap_or_default();
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|kept| kept.host == host && below(url.path(), &kept.path))
            .map(|kept| format!("{}={}", kept.name, kept.value))
            .collect();
        let request = self.http.request(method, url.clone());
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) }
    }

    /// Cookies go by host and path; a port makes no difference, as in any browser.
    fn keep(&mut self, url: &Url, text: &str) {
        let Ok(cookie) = Cookie::parse(text.to_owned()) else { return };
        let host = url.host_str().unwrap_or_default().to_owned();
        let folder = url.path().rsplit_once('/').map_or("/", |(folder, _)| folder);
        let folder = if folder.is_empty() { "/" } else { folder };
        let path = cookie.path().unwrap_or(folder).to_owned();
        self.cookies
            .retain(|kept| !(kept.host == host && kept.path == path && kept.name == cookie.name()));
        let gone = cookie.max_age().is_some_and(|age| age.is_zero() || age.is_negative());
        if !gone && !cookie.value().is_empty() {
            let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
            self.cookies.push(Kept { host, path, name, value });
        }
    }
}

/// The fields of a form and a file (RFC 7578).
fn multipart(fields: &[(String, String)], file: &Attached<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(part.as_bytes());
    }
    let (field, name) = (file.field, file.name);
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file.bytes);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// RFC 6265, section 5.1.4.
fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_belong_to_a_host_and_a_path() -> Result<(), Box<dyn std::error::Error>> {
        let http = crate::tour::cast::http()?;
        let mut browser = Browser::new(&http);
        let home = Url::parse("http://localhost:8082/plateforme/connexion")?;
        browser.keep(&home, "a=1; Path=/; HttpOnly");
        browser.keep(&home, "b=2; Path=/plateforme");
        browser.keep(&home, "c=3");
        browser.keep(&home, "d=4; Path=/");
        browser.keep(&home, "d=; Path=/; Max-Age=0");
        let sent = |url: &str| -> Result<String, Box<dyn std::error::Error>> {
            let request = browser.request(Method::GET, &Url::parse(url)?).build()?;
            let header = request.headers().get(COOKIE).map(|value| value.to_str()).transpose()?;
            Ok(header.unwrap_or_default().to_owned())
        };
        assert_eq!(sent("http://localhost:8082/plateforme")?, "a=1; b=2; c=3");
        assert_eq!(sent("http://localhost:8080/plateformes")?, "a=1");
        assert_eq!(sent("http://127.0.0.1:8082/plateforme")?, "");
        Ok(())
    }
}
