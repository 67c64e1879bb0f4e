"""Terminal: output, input, capabilities and lifetime of the application in it."""
