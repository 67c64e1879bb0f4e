"""What a person sees: the command line, the screen and its parts."""
