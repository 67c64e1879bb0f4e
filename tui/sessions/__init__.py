"""Earlier sessions and saved sets of targets: finding, replaying, keeping and throwing away."""
