"""Command line: subcommands, options, configuration and exit statuses."""
