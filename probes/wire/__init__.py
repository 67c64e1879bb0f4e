"""Pure codecs between bytes and dataclasses: no sockets, no clock, nothing to wait for."""
