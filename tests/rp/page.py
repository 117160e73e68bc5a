"""Reads our pages as a browser without JavaScript would."""

from html.parser import HTMLParser
from urllib.parse import urljoin


class Page(HTMLParser):
    """The forms of a page, the text of each element that has an id, and where the page refreshes to."""

    def __init__(self, response):
        super().__init__()
        self.url, self.status = response.url, response.status_code
        self.forms, self.texts, self.codes, self.refresh = [], {}, {}, None
        self._open = []
        self.feed(response.text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            action = urljoin(self.url, attrs.get("action") or self.url)
            self.forms.append({"action": action, "fields": {}})
        if tag in ("input", "button") and attrs.get("name") and self.forms:
            self.forms[-1]["fields"][attrs["name"]] = attrs.get("value") or ""
        if tag == "meta" and (attrs.get("http-equiv") or "").lower() == "refresh":
            _, _, url = attrs.get("content", "").partition("url=")
            self.refresh = urljoin(self.url, url.strip("'\" ") or self.url)
        if attrs.get("data-code"):
            self.codes[attrs.get("id")] = attrs["data-code"]
        if tag not in ("input", "meta", "link", "br", "img", "hr"):
            self._open.append(attrs.get("id"))

    def handle_endtag(self, tag):
        if self._open:
            self._open.pop()

    def handle_data(self, data):
        for name in filter(None, self._open):
            self.texts[name] = (self.texts.get(name, "") + data).strip()

    def form_with(self, field):
        """The first form that has this field."""
        for form in self.forms:
            if field in form["fields"]:
                return form
        raise AssertionError(f"{self.url} ({self.status}) has no form with {field}: {self.texts}")
