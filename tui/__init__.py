"""User interfaces: the command line, the screen and its parts."""
