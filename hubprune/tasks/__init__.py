"""Tasks of lm-eval whose log-likelihoods ride the walk."""
