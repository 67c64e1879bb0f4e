"""Files of the program on this machine, mode 0600."""
