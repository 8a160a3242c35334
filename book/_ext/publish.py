"""What tells others about the site: canonical links, sitemap.xml, robots.txt, and what a shared link shows.

The site's address is `html: baseurl` in _config.yml.  While it is empty nothing absolute is written: no canonical
link, no sitemap, no card.  Pages of source (``code/…``) are shown but not announced.
"""

import re
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import cards
import house
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

ADDRESS = re.compile(r"https?://[\w.-]+(:\d+)?/[\w./~%-]*")
SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
{}
</urlset>
"""


def cleaned(url: str | None) -> str:
    """The address with a slash at its end; "" while it is unset; ConfigError if it can't be one.

    >>> cleaned("https://ann.github.io/unrolled")
    'https://ann.github.io/unrolled/'
    """
    url = (url or "").strip()
    url = url if not url or url.endswith("/") else f"{url}/"
    if url and not ADDRESS.fullmatch(url):
        raise ConfigError(f"html: baseurl in _config.yml: expected https://host/path/, got {url!r}")
    return url


def address(app: Sphinx, docname: str) -> str:
    """Where the page will be found."""
    return urljoin(app.config.html_baseurl, quote(app.builder.get_target_uri(docname)))


def described(context: dict[str, Any]) -> str:
    """The page's own description, or the paragraph that stands for it."""
    found = re.search(
        r'<meta content="([^"]*)" name="description"', context.get("metatags") or ""
    ) or re.search(r'<meta name="description" content="([^"]*)"', context.get("metatags") or "")
    return unescape(found[1]) if found else context.get("fallback_description", "")


def announce(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """The lines of the head that a shared link is shown by."""
    if doctree is None or pagename not in app.env.found_docs:
        return
    title = unescape(re.sub("<.*?>", "", context.get("title", "")))
    card = cards.Card(title, described(context), _eyebrow(app, pagename), app.config.html_title)
    facts = {
        "og:type": "website" if pagename == app.config.root_doc else "article",
        "og:site_name": card.site,
        "og:title": card.title,
        "og:description": card.description,
    }
    if app.config.html_baseurl:
        name = f"_static/cards/{pagename.replace('/', '-')}.png"
        cards.draw(card, Path(app.outdir) / name)
        facts |= {
            "og:url": address(app, pagename),
            "og:image": urljoin(app.config.html_baseurl, name),
            "og:image:width": str(cards.SIZE[0]),
            "og:image:height": str(cards.SIZE[1]),
            "og:image:alt": f"{card.site}: {card.title}",
            "twitter:card": "summary_large_image",
        }
    lines = [f'<meta {_key(name)}="{name}" content="{escape(fact)}">' for name, fact in facts.items()]
    context["shared"] = "\n".join(lines)


def _key(name: str) -> str:
    return "name" if name.startswith("twitter:") else "property"


def _eyebrow(app: Sphinx, pagename: str) -> str:
    return str(house.front_matter(app.env.metadata.get(pagename, {})).get("eyebrow", ""))


def write_maps(app: Sphinx, error: Exception | None) -> None:
    """sitemap.xml and robots.txt, and no card of a page that is gone; nothing of it while there is no address."""
    if error or app.builder.format != "html":
        return
    out, base = Path(app.outdir), app.config.html_baseurl
    wanted = {f"{name.replace('/', '-')}.png" for name in app.env.found_docs} if base else set()
    for card in (out / "_static" / "cards").glob("*.png"):
        if card.name not in wanted:
            card.unlink()
    urls = [f"<url><loc>{escape(address(app, name))}</loc></url>" for name in sorted(app.env.found_docs)]
    files = {
        "sitemap.xml": SITEMAP.format("\n".join(urls)),
        "robots.txt": f"User-agent: *\nAllow: /\n\nSitemap: {urljoin(base, 'sitemap.xml')}\n",
    }
    for name, text in files.items():
        if base:
            (out / name).write_text(text, encoding="utf-8")
        else:
            (out / name).unlink(missing_ok=True)


def read(app: Sphinx, config: Config) -> None:
    """A wrong address stops the build before it begins."""
    config.html_baseurl = cleaned(config.html_baseurl)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the lines of the head and the files."""
    app.connect("config-inited", read)
    app.connect("html-page-context", announce, priority=950)  # after page has found a description
    app.connect("build-finished", write_maps)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
