"""Earlier sessions and saved sets of targets: list, replay, save and delete."""
