"""The whole loop for real, offline: `hubprune demo`.

A Hub is started on this machine's loopback interface and given the embedded model (hubprune/demo/model). From then on
everything is the ordinary product: the model is pulled through huggingface_hub, calibrated with the embedded text
(hubprune/demo/text) in Swahili and, as control, in English, pruned, measured in seven languages, and published with
its card. Then plain transformers, in a process that never imports hubprune, pulls the published repository back.
"""

from hubprune.demo.loop import DemoResult, run

__all__ = ["DemoResult", "run"]
