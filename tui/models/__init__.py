"""View models: rows, tree, filter and verdicts, without widgets."""
