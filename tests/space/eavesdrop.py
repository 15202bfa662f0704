"""All that a page is sent while it is open, and what the server tells anybody who asks."""

from __future__ import annotations

from typing import Any

import httpx

# A copy of the body of each answer, as it comes: the streams of gradio's queue never end while the page is open.
COPY = """(() => {
    const ask = window.fetch;
    window.fetch = async (...all) => {
        const answer = await ask(...all), heard = new TextDecoder();
        const write = (bytes) => overhear(answer.url, heard.decode(bytes, {stream: true}));
        answer.clone().body?.pipeTo(new WritableStream({write})).catch(() => {});
        return answer;
    };
    window.EventSource = class extends EventSource {
        constructor(...all) { super(...all); this.addEventListener('message', ({data}) => overhear(this.url, data)); }
    };
})()"""
OPEN_TO_ALL = (
    "",
    "config",
    "gradio_api/info",
    "gradio_api/queue/status",
    "gradio_api/startup-events",
    "monitoring/summary",
)


class Eavesdropper:
    """Hears every answer that the pages of a visitor get from now on, by the addresses that they came from.

    Attributes:
        heard: address without its query -> all that came from there, joined.
    """

    def __init__(self, visitor: Any) -> None:
        self.heard: dict[str, str] = {}
        visitor.context.expose_function("overhear", self._note)
        visitor.context.add_init_script(COPY)
        visitor.page.on("request", lambda request: self._note(request.url, request.post_data or ""))

    def _note(self, url: str, text: str) -> None:
        place = url.partition("?")[0]
        self.heard[place] = self.heard.get(place, "") + text


def told_to_anybody(site: Any, cookie: dict[str, Any] | None = None) -> str:
    """What the server's open addresses say: to a stranger, or to whom a cookie belongs."""
    cookies = {cookie["name"]: cookie["value"]} if cookie else None
    with httpx.Client(base_url=site.url, cookies=cookies, timeout=60) as client:
        return "\n".join(client.get(f"/{place}").text for place in OPEN_TO_ALL)
