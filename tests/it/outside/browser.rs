//! A browser small enough to be read: cookies, redirects, and forms without script.

use axum_extra::extract::cookie::Cookie;
use reqwest::{Method, header};
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::http::{Answer, client, send};

/// Redirects followed in a row, as browsers do.
const REDIRECTS: usize = 20;

/// One person's browser. A clone is one more window: what it learns afterwards, it keeps to itself.
/// Cookies belong to the host, whatever the port, as in any browser.
#[derive(Clone)]
pub(crate) struct Browser {
    http: reqwest::Client,
    cookies: Vec<Kept>,
    stops: Vec<String>,
}

/// A cookie that is held.
#[derive(Clone, Debug)]
struct Kept {
    name: String,
    value: String,
    path: String,
}

/// Where the browser is, and what it sees.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) answer: Answer,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self { http: client(), cookies: Vec::new(), stops: Vec::new() }
    }

    /// A redirect to an address that begins so is not followed: what it carries is wanted.
    pub(crate) fn stopping_at(mut self, address: &str) -> Self {
        self.stops.push(address.to_owned());
        self
    }

    pub(crate) async fn get(&mut self, url: &str) -> Page {
        self.follow(Method::GET, Url::parse(url).unwrap(), Vec::new()).await
    }

    /// Looks at the same address again, as the meta refresh of a page that waits does.
    pub(crate) async fn again(&mut self, page: &Page) -> Page {
        self.get(page.url.as_str()).await
    }

    /// Fills in fields by name, and presses the button with this id.
    pub(crate) async fn press(
        &mut self,
        page: &Page,
        button: &str,
        fields: &[(&str, &str)],
    ) -> Page {
        let (method, url, values) = page.filled(button, fields);
        self.follow(method, url, values).await
    }

    /// Sends values that no form of ours would.
    pub(crate) async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Page {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let fields = fields.iter().map(owned).collect();
        self.follow(Method::POST, Url::parse(url).unwrap(), fields).await
    }

    /// Names and values of the cookies held.
    pub(crate) fn cookies(&self) -> Vec<(String, String)> {
        self.cookies.iter().map(|kept| (kept.name.clone(), kept.value.clone())).collect()
    }

    async fn follow(
        &mut self,
        mut method: Method,
        mut url: Url,
        mut fields: Vec<(String, String)>,
    ) -> Page {
        for _ in 0..REDIRECTS {
            let mut request = self.http.request(method.clone(), url.clone());
            let cookies = self.cookies_for(&url);
            if !cookies.is_empty() {
                request = request.header(header::COOKIE, cookies);
            }
            if method == Method::POST {
                request = request.form(&fields);
            }
            let answer = send(request).await;
            self.keep(&answer, &url);
            if !matches!(answer.status, 301 | 302 | 303 | 307) {
                return Page { url, answer };
            }
            let next = url.join(answer.header("location")).unwrap();
            if answer.status != 307 {
                method = Method::GET;
                fields.clear();
            }
            url = next;
            if self.stops.iter().any(|stop| url.as_str().starts_with(stop)) {
                return Page { url, answer };
            }
        }
        panic!("redirected for ever, last to {url}");
    }

    fn cookies_for(&self, url: &Url) -> String {
        let sent = self.cookies.iter().filter(|kept| covers(&kept.path, url.path()));
        let pairs: Vec<_> = sent.map(|kept| format!("{}={}", kept.name, kept.value)).collect();
        pairs.join("; ")
    }

    fn keep(&mut self, answer: &Answer, url: &Url) {
        for value in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = Cookie::parse(value.to_str().unwrap()).unwrap();
            let path = cookie.path().unwrap_or_else(|| directory(url.path())).to_owned();
            self.cookies.retain(|kept| kept.name != cookie.name() || kept.path != path);
            let gone = cookie.max_age().is_some_and(|life| !life.is_positive());
            if !gone {
                let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
                self.cookies.push(Kept { name, value, path });
            }
        }
    }
}

/// RFC 6265, section 5.1.4.
fn covers(cookie: &str, path: &str) -> bool {
    path == cookie
        || path
            .strip_prefix(cookie)
            .is_some_and(|rest| cookie.ends_with('/') || rest.starts_with('/'))
}

fn directory(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => &path[..end],
    }
}

impl Page {
    /// The text of the first element that fits, without blanks around it.
    pub(crate) fn text(&self, selector: &str) -> Option<String> {
        let html = Html::parse_document(&self.answer.body);
        let found = html.select(&parsed(selector)).next()?;
        Some(found.text().collect::<String>().trim().to_owned())
    }

    /// An attribute of the first element that fits.
    pub(crate) fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let html = Html::parse_document(&self.answer.body);
        html.select(&parsed(selector)).next()?.attr(name).map(str::to_owned)
    }

    pub(crate) fn has(&self, selector: &str) -> bool {
        self.text(selector).is_some()
    }

    /// The `data-code` of an error page, or nothing.
    pub(crate) fn error(&self) -> String {
        self.attribute("#erreur", "data-code").unwrap_or_default()
    }

    /// A parameter of the address that the browser was sent to.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.url.query_pairs().filter(|(found, _)| found == name);
        let value = pairs.next().map(|(_, value)| value.into_owned());
        assert!(pairs.next().is_none(), "{name} comes twice in {}", self.url);
        value
    }

    /// What the page is, in a few words, for the message of a test that fails.
    pub(crate) fn summary(&self) -> String {
        let title = self.text("h1").or_else(|| self.text("title")).unwrap_or_default();
        format!("{} {} «{title}» {}", self.answer.status, self.url, self.error())
    }

    /// What a browser sends for the form of this button.
    #[track_caller]
    fn filled(
        &self,
        button: &str,
        fields: &[(&str, &str)],
    ) -> (Method, Url, Vec<(String, String)>) {
        let html = Html::parse_document(&self.answer.body);
        let pressed = html.select(&parsed(&format!("#{button}"))).next();
        let pressed = pressed.unwrap_or_else(|| panic!("no #{button} on {}", self.summary()));
        let form = form_of(&html, pressed);
        let mut values: Vec<(String, String)> = form
            .select(&parsed("input[name], select[name], textarea[name]"))
            .filter(|input| !matches!(input.attr("type"), Some("submit" | "image" | "button")))
            .filter_map(|input| Some((input.attr("name")?, input.attr("value").unwrap_or(""))))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        for (name, value) in fields {
            let field = values.iter_mut().find(|(known, _)| known == name);
            let field = field.unwrap_or_else(|| panic!("no field {name} on {}", self.summary()));
            (*value).clone_into(&mut field.1);
        }
        if let Some(name) = pressed.attr("name") {
            values.push((name.to_owned(), pressed.attr("value").unwrap_or("").to_owned()));
        }
        let action = pressed.attr("formaction").or(form.attr("action")).unwrap_or("");
        let mut url = self.url.join(action).unwrap();
        if form.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post")) {
            return (Method::POST, url, values);
        }
        url.query_pairs_mut().clear().extend_pairs(&values);
        (Method::GET, url, Vec::new())
    }
}

fn form_of<'a>(html: &'a Html, button: ElementRef<'a>) -> ElementRef<'a> {
    if let Some(id) = button.attr("form") {
        return html.select(&parsed(&format!("#{id}"))).next().unwrap();
    }
    let around = button.ancestors().filter_map(ElementRef::wrap);
    around.into_iter().find(|element| element.value().name() == "form").unwrap()
}

fn parsed(selector: &str) -> Selector {
    Selector::parse(selector).unwrap()
}
