"""MKQA, open questions in 24 languages, as a task of lm-eval: the YAML files here, read by lm-eval's own loader."""
