"""What stands on the page: three screens, one primary button each."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import gradio as gr

from hubprune.demo.loop import BASE

from . import advanced, html, search, words
from .widgets import languages, page_html

PATTERNS = [("30 %", "30%"), ("40 %", "40%"), ("50 %", "50%"), ("60 %", "60%"), ("70 %", "70%"), ("2 of 4", "2:4")]
MEASURES = [
    ("Knowledge and reasoning: questions in each language", "tasks"),
    ("Texts: does it keep to the language, does it repeat itself", "texts"),
]
STEPS = ("Choose", "Prune", "Look and publish")


@dataclass
class Parts:
    """The components that handlers read or change."""

    ticket: Any
    draft: Any
    when: Any
    login: Any
    steps: Any
    # Choose
    choose: Any
    notice: Any
    model: Any
    hits: Any
    language: Any
    pattern: Any
    method: Any
    also: Any
    share: Any
    measured: Any
    samples: Any
    seq_len: Any
    seed: Any
    revision: Any
    measures: Any
    own: Any
    card: Any
    retry: Any
    prune: Any
    sign_in: Any
    # Prune
    work: Any
    progress: Any
    cancel: Any
    # Look and publish
    look: Any
    head: Any
    figures: Any
    samples_shown: Any
    write_language: Any
    prompt: Any
    write: Any
    written: Any
    preview: Any
    downloads: Any
    publish_notice: Any
    owner: Any
    name: Any
    private: Any
    publish: Any
    publish_pr: Any
    done: Any
    over: Any
    publish_box: Any

    @property
    def form(self) -> list[Any]:
        """In the order of forms.Form."""
        return [
            *(self.model, self.language, self.pattern, self.method, self.also, self.share, self.measured),
            *(self.samples, self.seq_len, self.seed, self.revision, self.measures),
        ]


def steps(now: int) -> str:
    """Where the visitor is."""
    items = "".join(
        f'<li class="{"done" if index < now else "now" if index == now else "next"}"'
        f"{' aria-current=step' if index == now else ''}><b>{index + 1}</b> {title}</li>"
        for index, title in enumerate(STEPS)
    )
    return f'<nav aria-label="Steps"><ol class="steps">{items}</ol></nav>'


def layout() -> Parts:
    """Make all components; must be called inside a Blocks."""
    made: dict[str, Any] = {
        name: gr.BrowserState(None, storage_key=f"hubprune-{name}", secret=secrets.token_hex(16))
        for name in ("ticket", "draft")
    }
    made["when"] = gr.Number(0, visible=False)  # the page's clock when something was asked for; see page.py
    with gr.Row(elem_id="top"):
        page_html(
            '<header class="brand"><svg viewBox="0 0 36 36" width="36" height="36" aria-hidden="true">'
            + "".join(
                f'<rect x="{2 + 9 * x}" y="{2 + 9 * y}" width="6" height="6" rx="1.6" class="{"on" if on else "off"}"/>'
                for y, line in enumerate(("1010", "0110", "1001", "0101"))
                for x, on in enumerate(int(c) for c in line)
            )
            + f"</svg><div><h1>hubprune</h1><p>{words.WELCOME}</p></div></header>"
        )
        made["login"] = gr.LoginButton(
            "Sign in", logout_value="Sign out ({})", elem_id="login", size="md", scale=0, icon=None
        )
    made["steps"] = page_html(steps(0))
    with gr.Column(elem_id="choose") as made["choose"]:
        page_html('<h2 id="choose-title" class="visually-hidden" tabindex="-1">Choose a model and a language</h2>')
        _choose(made)
    with gr.Column(elem_id="work", visible=False) as made["work"]:
        made["progress"] = page_html(elem_id="progress")
        made["cancel"] = gr.Button("Cancel", elem_id="cancel", variant="secondary")
    with gr.Column(elem_id="look", visible=False) as made["look"]:
        _look(made)
    page_html(
        '<footer class="foot"><p>After <cite>Kurz, Chen, Flek, Zhao: On the Limitations of Language-targeted Pruning'
        "</cite> (TACL 2026): calibration text in your language generally keeps perplexity there; it does not reliably "
        "keep knowledge and reasoning.</p></footer>"
    )
    return Parts(**made)


def _choose(made: dict[str, Any]) -> None:
    page_html(f'<p class="quiet" id="why">{words.WHY}</p>')
    made["notice"] = page_html(elem_id="notice")
    with gr.Row(elem_id="columns", equal_height=False):
        with gr.Column(elem_id="form", scale=6, min_width=320):
            made["model"] = gr.Textbox(
                label="Model on the Hub",
                info="Type a name to search: any model that writes text and that you may read.",
                placeholder="owner/name",
                elem_id="model",
                max_lines=1,
                html_attributes=gr.InputHTMLAttributes(
                    autocapitalize="off", autocorrect="off", spellcheck=False, autocomplete="off", enterkeyhint="search"
                ),
            )
            made["hits"] = page_html(
                search.hits([search.OFFLINE_FIRST], "One suggestion"),
                elem_id="hits",
                js_on_load="element.addEventListener('mousedown', (event) => event.preventDefault()); "
                "element.addEventListener('click', (event) => { const hit = event.target.closest("
                "'button[data-model]'); if (hit) trigger('select', {model: hit.dataset.model}); });",
            )
            page_html('<p hidden><span></span> <a href="#card">See the plan</a></p>', elem_id="answer")
            made["language"] = languages(
                "Language",
                "The language you will use it in. The model reads text in it while weights are chosen (calibration).",
                value="sw",
                elem_id="language",
            )
            made["pattern"] = gr.Radio(
                PATTERNS,
                value="50%",
                label="How much to prune",
                info="The share of the weights that becomes zero: more costs more quality, 50\N{NO-BREAK SPACE}% is "
                "usual. “2 of 4” keeps two weights in every four, which some hardware can use.",
                elem_id="pattern",
            )
            made["measures"] = gr.CheckboxGroup(
                MEASURES,
                value=[],
                label="Measure beside perplexity",
                info="Perplexity, how surprised the model is by real text, is always measured. It does not tell what a "
                "model still knows. Both of these take longer: see the plan.",
                elem_id="measures",
            )
            with gr.Accordion("Advanced", open=False, elem_id="advanced"):
                advanced.fields(made)
        with gr.Column(elem_id="plan", scale=5, min_width=320):
            made["card"] = page_html(empty_card(), elem_id="card")
            made["retry"] = gr.Button("Retry", elem_id="retry", visible=False)
            made["prune"] = gr.Button("Prune", variant="primary", elem_id="prune", interactive=False, visible=False)
            made["sign_in"] = gr.LoginButton(
                "Sign in with Hugging Face to prune", elem_id="sign-in", variant="primary", icon=None, visible=False
            )


def _look(made: dict[str, Any]) -> None:
    made["head"] = page_html(elem_id="result-head")
    made["figures"] = page_html(elem_id="figures")
    made["samples_shown"] = page_html(elem_id="samples")
    with gr.Column(elem_id="write-box"):
        page_html(
            "<h3>Read both</h3><p class='quiet'>The same beginning, continued by the original and by the pruned "
            "model: the most probable words, no chance involved.</p>"
        )
        with gr.Row():
            made["write_language"] = gr.Radio([], label="Language", elem_id="write-language", scale=1, min_width=220)
            made["prompt"] = gr.Textbox(
                label="Beginning", elem_id="prompt", lines=2, max_lines=4, max_length=400, scale=3, min_width=280
            )
        made["write"] = gr.Button("Let both write", elem_id="write")
        made["written"] = page_html(elem_id="written")
    made["preview"] = page_html(elem_id="preview")
    made["downloads"] = page_html()
    page_html('<span id="publish-place"></span>')
    with gr.Column(elem_id="publish-box") as made["publish_box"]:
        page_html("<h2>Publish</h2><p class='quiet'>Weights, card, recipe and figures go to the Hub together.</p>")
        made["publish_notice"] = page_html(elem_id="publish-notice")
        with gr.Row():
            made["owner"] = gr.Dropdown([], label="Owner", elem_id="owner", scale=1)
            made["name"] = gr.Textbox(label="Name", elem_id="name", max_lines=1, scale=3)
        made["private"] = gr.Checkbox(
            True, label="Private: only you, or the owning organisation, see it", elem_id="private"
        )
        made["publish"] = gr.Button("Publish", variant="primary", elem_id="publish")
        made["publish_pr"] = gr.Button("Open a pull request there", elem_id="publish-pr", visible=False)
    made["done"] = page_html(elem_id="done")
    with gr.Column(elem_id="over-box"):
        page_html(
            '<p class="quiet" id="over-told">Starting over deletes this result here. What is published or downloaded '
            'stays.</p><div id="over-question" role="group" aria-label="Start over" hidden><p><strong>This result is '
            "not published.</strong> Start over, and it is deleted.</p>"
            '<button type="button" data-over="no">Keep it</button>'
            '<button type="button" data-over="yes">Delete it and start over</button></div>'
        )
        made["over"] = gr.Button("Start over", elem_id="over")


def empty_card() -> str:
    """What stands where the plan will be."""
    return (
        '<section class="plan empty" aria-label="Plan"><h2>The plan</h2><p>Name a model, and this card says what '
        "pruning it would take. That needs some seconds and no account: only the beginnings of its files are read.</p>"
        f'<p class="quiet">To try it at once, take <code>{html.esc(BASE)}</code>, the small model that comes with '
        "hubprune.</p></section>"
    )
