// A browser without script: cookies, redirects, forms.

/** Status, address, text. */
class Page {
  constructor(url, response, text) {
    this.url = new URL(url);
    this.status = response.status;
    this.location = response.headers.get('location');
    this.text = text;
  }

  /** The text of the element with this id, of ours: never nested in one of its own name. */
  element(id) {
    const found = new RegExp(`<(\\w+)[^>]* id="${id}"[^>]*>(.*?)</\\1>`, 's').exec(this.text);
    return found && plain(found[2]);
  }

  /** What the page says it is. */
  heading() {
    return plain(/<h1>(.*?)<\/h1>/s.exec(this.text)?.[1] ?? '');
  }

  /** An attribute of the element with this id. */
  attribute(id, name) {
    const tag = new RegExp(`<\\w+[^>]* id="${id}"[^>]*>`).exec(this.text);
    return tag && new RegExp(` ${name}="([^"]*)"`).exec(tag[0])?.[1];
  }

  /** The first form that posts: where to, and its hidden fields. */
  form() {
    const found = /<form[^>]*method="post"[^>]*>(.*?)(<\/form>|$)/s.exec(this.text);
    const action = /action="([^"]*)"/.exec(found[0])?.[1] ?? this.url.href;
    const fields = {};
    for (const [input] of found[1].matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      fields[/name="([^"]*)"/.exec(input)[1]] = /value="([^"]*)"/.exec(input)?.[1] ?? '';
    }
    return { action: new URL(plain(action), this.url).href, fields };
  }
}

function plain(html) {
  const text = html.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ').trim();
  const named = { amp: '&', lt: '<', gt: '>', quot: '"' };
  const decode = (all, code) =>
    code.startsWith('#') ? String.fromCodePoint(Number(code.slice(1))) : (named[code] ?? all);
  return text.replace(/&(#\d+|\w+);/g, decode);
}

/** One person's browser. Cookies belong to the host, whatever the port. */
export class Browser {
  constructor() {
    this.cookies = new Map();
  }

  get(url) {
    return this.follow('GET', url);
  }

  post(url, fields) {
    return this.follow('POST', url, fields);
  }

  /** Follows redirects, up to one whose address `stop` fits. */
  async follow(method, address, fields, stop) {
    let url = new URL(address);
    for (let turn = 0; turn < 20; turn += 1) {
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = cookie ? { cookie } : {};
      const body = method === 'POST' ? new URLSearchParams(fields) : undefined;
      const response = await fetch(url, { method, headers, body, redirect: 'manual' });
      for (const line of response.headers.getSetCookie()) this.keep(line);
      const page = new Page(url, response, await response.text());
      if (response.status < 300 || response.status >= 400) return page;
      url = new URL(page.location, url);
      if (stop?.test(url.href)) return page;
      method = 'GET';
    }
    throw new Error(`redirected for ever, last to ${url}`);
  }

  keep(line) {
    const [pair, ...attributes] = line.split(';').map((part) => part.trim());
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    const gone = attributes.some((text) => /^max-age=0$|^expires=thu, 01 jan 1970/i.test(text));
    if (gone || value === '') this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
