//! A page as a simple browser reads it: forms, texts by id, and where it wants to go by itself.

use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::story::Told;

/// What the browser shows.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A form, ready to be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FilledForm {
    pub(crate) action: Url,
    pub(crate) posts: bool,
    pub(crate) fields: Vec<(String, String)>,
}

/// A file that a form takes along.
pub(crate) struct Attached<'a> {
    pub(crate) field: &'a str,
    pub(crate) name: &'a str,
    pub(crate) bytes: &'a [u8],
}

impl Page {
    /// Where the first link that fits this selector leads.
    pub(crate) fn link(&self, css: &str) -> Option<Url> {
        let html = Html::parse_document(&self.body);
        let link = html.select(&selector(css)?).next()?;
        self.url.join(link.value().attr("href")?).ok()
    }

    /// Where the line of a table that names somebody leads, below this path.
    pub(crate) fn link_of(&self, name: &str, path: &str) -> Option<Url> {
        let html = Html::parse_document(&self.body);
        let (rows, links) = (selector("tr")?, selector(&format!("a[href^='{path}']"))?);
        let names = |line: &ElementRef<'_>| line.text().collect::<String>().contains(name);
        let link = html.select(&rows).filter(names).find_map(|line| line.select(&links).last())?;
        self.url.join(link.value().attr("href")?).ok()
    }

    /// An attribute of the element with this id.
    pub(crate) fn attribute(&self, id: &str, name: &str) -> Option<String> {
        let html = Html::parse_document(&self.body);
        let element = html.select(&selector(&format!("#{id}"))?).next()?;
        element.value().attr(name).map(str::to_owned)
    }

    /// The texts of all that fits this selector.
    pub(crate) fn texts(&self, css: &str) -> Vec<String> {
        let html = Html::parse_document(&self.body);
        let Some(wanted) = selector(css) else { return Vec::new() };
        let words = |element: ElementRef<'_>| {
            element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
        };
        html.select(&wanted).map(words).collect()
    }

    /// The text of the element with this id, in one line.
    pub(crate) fn text(&self, id: &str) -> Option<String> {
        let html = Html::parse_document(&self.body);
        let element = html.select(&selector(&format!("#{id}"))?).next()?;
        let words = element.text().flat_map(str::split_whitespace);
        Some(words.collect::<Vec<_>>().join(" "))
    }

    /// The stable code of an error page.
    pub(crate) fn error_code(&self) -> Option<String> {
        let html = Html::parse_document(&self.body);
        let element = html.select(&selector("#erreur")?).next()?;
        Some(element.value().attr("data-code").unwrap_or_default().to_owned())
    }

    /// The form that holds this field, with what it already contains.
    pub(crate) fn form(&self, field: &str) -> Option<FilledForm> {
        let html = Html::parse_document(&self.body);
        let holding = selector(&format!("[name=\"{field}\"]"))?;
        let form =
            html.select(&selector("form")?).find(|form| form.select(&holding).next().is_some())?;
        let action = form.value().attr("action").unwrap_or_default();
        let action =
            if action.is_empty() { self.url.clone() } else { self.url.join(action).ok()? };
        let posts = form.value().attr("method").is_some_and(|m| m.eq_ignore_ascii_case("post"));
        let fields = form.select(&selector("input[name]")?).filter_map(own_field).collect();
        Some(FilledForm { action, posts, fields })
    }

    /// Where the page goes by itself after a while.
    pub(crate) fn refresh(&self) -> Option<Url> {
        let html = Html::parse_document(&self.body);
        let meta = html.select(&selector("meta[http-equiv]")?).find(|meta| {
            meta.value().attr("http-equiv").is_some_and(|to| to.eq_ignore_ascii_case("refresh"))
        })?;
        let content = meta.value().attr("content").unwrap_or_default();
        match content.split_once(';').and_then(|(_, rest)| rest.split_once('=')) {
            Some((_, to)) => self.url.join(to.trim().trim_matches(['\'', '"'])).ok(),
            None => Some(self.url.clone()),
        }
    }

    /// In a sentence about what was found instead.
    pub(crate) fn seen(&self) -> String {
        let code = self.error_code().unwrap_or_else(|| "aucune erreur".to_owned());
        format!("page {} ({}, {code})", self.url.path(), self.status)
    }
}

impl FilledForm {
    /// Types a value into a field.
    pub(crate) fn fill(mut self, field: &str, value: &str) -> Self {
        self.fields.retain(|(name, _)| name != field);
        self.fields.push((field.to_owned(), value.to_owned()));
        self
    }

    /// Types several.
    pub(crate) fn fill_all(self, typed: &[(&str, &str)]) -> Self {
        typed.iter().fold(self, |form, (field, value)| form.fill(field, value))
    }
}

/// What a field sends untouched; buttons send nothing unless they are pressed.
fn own_field(input: ElementRef<'_>) -> Option<(String, String)> {
    let attribute = |name: &str| input.value().attr(name);
    let kind = attribute("type").unwrap_or("text").to_ascii_lowercase();
    let chosen = attribute("checked").is_some();
    let silent = match kind.as_str() {
        "submit" | "button" | "image" | "reset" | "file" => true,
        "radio" | "checkbox" => !chosen,
        _ => false,
    };
    if silent {
        return None;
    }
    Some((attribute("name")?.to_owned(), attribute("value").unwrap_or_default().to_owned()))
}

fn selector(text: &str) -> Option<Selector> {
    Selector::parse(text).ok()
}

/// The form that holds this field, or a sentence.
pub(super) fn form_of(page: &Page, field: &str) -> Told<FilledForm> {
    page.form(field).ok_or_else(|| format!("pas de champ « {field} », {}", page.seen()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Result<Page, url::ParseError> {
        let url = Url::parse("http://localhost:8080/auth/attente?a=b")?;
        Ok(Page { url, status: 200, body: body.to_owned() })
    }

    #[test]
    fn a_form_keeps_what_it_contains_and_takes_what_is_typed() -> Result<(), url::ParseError> {
        let page = page(
            "<form action='/autre'><input name=q></form>\
             <form method=POST action='suite?x=1'><input type=hidden name=jeton value=j>\
             <input id=identifier name=identifier value=''><input type=checkbox name=non>\
             <button name=submit value=1>Continuer</button></form>",
        )?;
        let form = page.form("identifier").map(|form| form.fill("identifier", "8999"));
        assert_eq!(
            form,
            Some(FilledForm {
                action: Url::parse("http://localhost:8080/auth/suite?x=1")?,
                posts: true,
                fields: vec![
                    ("jeton".to_owned(), "j".to_owned()),
                    ("identifier".to_owned(), "8999".to_owned()),
                ],
            })
        );
        assert_eq!(page.form("absent"), None);
        Ok(())
    }

    #[test]
    fn texts_codes_and_refreshes() -> Result<(), url::ParseError> {
        let waiting = page(
            "<meta http-equiv=Refresh content=2><p id=code-a-comparer> <b>4</b><b>2</b> </p>",
        )?;
        assert_eq!(waiting.text("code-a-comparer").as_deref(), Some("4 2"));
        assert_eq!(waiting.refresh(), Some(waiting.url.clone()));
        assert_eq!(waiting.error_code(), None);
        let moved = page("<meta http-equiv='refresh' content='2; url=/auth/fin'>")?;
        assert_eq!(moved.refresh(), Some(Url::parse("http://localhost:8080/auth/fin")?));
        let error = page("<section id=erreur data-code=trop_tot>Trop tôt</section>")?;
        assert_eq!(error.error_code().as_deref(), Some("trop_tot"));
        assert_eq!(error.refresh(), None);
        Ok(())
    }
}
