"""The page: components, look and handlers put together, and how it is served."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from typing import Any

import gradio as gr
from authlib.common.errors import AuthlibBaseError
from starlette.requests import Request
from starlette.responses import RedirectResponse

from . import api, look, plans, writing
from .acts.choose import Choose
from .acts.look import Look
from .acts.prune import REFUSED, Prune
from .forms import BASE, Form
from .parts import layout
from .settings import SETTINGS

NOW = "(_, ...fields) => [performance.timeOrigin + performance.now(), ...fields]"  # in place of the first field
UPLOADS = int((SETTINGS.longest_seconds or 6 * 3600) + SETTINGS.keep_seconds)  # seconds that a text stays
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build() -> gr.Blocks:
    """The whole page."""
    with api.Answering(title="hubprune", analytics_enabled=False, fill_width=True, delete_cache=(300, UPLOADS)) as demo:
        gr.api(api.plan, api_name="plan", concurrency_limit=2)
        (open_one,) = demo.fns.values()
        api.describe(open_one)
        parts = layout()
        choose, after = Choose(parts), Look(parts)
        prune = Prune(parts, choose)
        everything = [part for part in vars(parts).values() if part is not parts.login]
        plan = {
            "fn": choose.plan,
            "inputs": [parts.when, parts.own, *parts.form],
            "js": NOW,
            "outputs": [parts.card, parts.retry, parts.prune, parts.sign_in, parts.draft],
        }
        several: dict[str, Any] = {**PRIVATE, "concurrency_limit": 4, "concurrency_id": "look"}
        watch = {
            "fn": prune.watch,
            "inputs": [parts.ticket],
            "outputs": everything,
            **PRIVATE,
            "concurrency_limit": None,
        }

        parts.model.input(choose.search, [parts.model], [parts.hits], trigger_mode="always_last", **several)
        picked = parts.hits.select(choose.pick, None, [parts.model, parts.hits], **several)
        picked.then(**plan, **several)
        # The clicked suggestion is gone, and the keyboard's place with it.
        picked.then(None, js="() => document.querySelector('#model input, #model textarea')?.focus()", **PRIVATE)
        gr.on(
            [
                *(parts.model.submit, parts.language.input, parts.pattern.input, parts.measures.input),
                *(parts.method.input, parts.also.input, parts.share.release, parts.measured.input, parts.retry.click),
                *(parts.own.upload, parts.own.clear),
            ],
            **plan,
            trigger_mode="multiple",
            **several,
        )
        for field in (parts.model, parts.samples, parts.seq_len, parts.seed, parts.revision):
            field.blur(
                choose.plan_if_changed,
                [parts.when, parts.draft, parts.own, *parts.form],
                plan["outputs"],
                js=NOW,
                trigger_mode="multiple",
                **several,
            )
        asked = [parts.when, parts.own, parts.draft, *parts.form]
        parts.prune.click(prune.prune, asked, everything, js=NOW, **several)
        parts.cancel.click(prune.cancel, [parts.ticket], [parts.cancel], queue=False, **PRIVATE)
        parts.write.click(
            after.write,
            [parts.ticket, parts.write_language, parts.prompt],
            [parts.written],
            **{**several, "concurrency_limit": 1, "concurrency_id": "write"},
        )
        parts.write_language.input(writing.prompt_of, [parts.write_language], [parts.prompt], **several)
        target = [parts.ticket, parts.owner, parts.name, parts.private]
        parts.publish.click(after.publish, target, everything, **several)
        parts.publish_pr.click(after.publish_pr, target, everything, **several)
        gr.on(
            [parts.owner.input, parts.name.input],
            after.rename,
            target[:3],
            [parts.preview, parts.downloads, parts.publish_notice, parts.publish_pr, parts.retry],
            trigger_mode="always_last",
            **several,
        )
        parts.over.click(after.start_over, [parts.ticket], everything, **several)
        restored = demo.load(choose.restore, [parts.draft], parts.form, **several)
        restored.then(choose.plan_restored, [parts.when, parts.draft], plan["outputs"], js=NOW, **several)
        demo.load(**watch)
    for function in demo.fns.values():  # also those that gradio's own buttons bring along
        if function is not open_one:
            function.api_visibility, function.api_name = "private", False
    demo.queue(default_concurrency_limit=1, max_size=10 * SETTINGS.most_pages)  # on ZeroGPU gradio takes 1 by itself
    return demo


def launch(demo: gr.Blocks, **more: Any) -> Any:
    """Serve the page; returns when it was told to end, and then what settings.py registered deletes every run."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Gradio does not support OAuth features outside")
        return demo.launch(
            theme=look.theme(),
            css_paths=look.CSS,
            js=look.script(),
            ssr_mode=False,
            max_threads=SETTINGS.most_pages,
            max_file_size=SETTINGS.text_bytes + 1_000_000,
            footer_links=["api"],
            app_kwargs={"exception_handlers": {AuthlibBaseError: sign_in_refused}, "routes": api.ROUTES},
            **more,
        )


def end(number: int, frame: object, *, process: int = os.getpid()) -> None:
    """The platform stops the Space. A worker that was forked from it ends as it would have."""
    if os.getpid() == process:
        sys.exit(0)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


async def sign_in_refused(request: Request, error: Exception) -> RedirectResponse:
    """Back to the page from a sign-in that was not given leave; gradio would answer with a bare failure."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/?{REFUSED}")


def warm_up() -> None:
    """Load the heavy libraries before somebody waits for them, with what only a first plan loads."""
    import torch

    if SETTINGS.zero_gpu:
        torch.set_num_threads(1)  # ZeroGPU forks this process, and threads of OpenMP do not survive that
    plans.make(Form(model=BASE).recipe(), None)
