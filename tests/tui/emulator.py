"""As much of a terminal as tui.terminal.output speaks to; it refuses what it does not know."""

from __future__ import annotations

import re

from rich.cells import cell_len

TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|([^\x1b])")


class Emulator:
    """Cells of text and SGR parameters, junk before anything was sent."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.cells = [[("#", "junk")] * width for _ in range(height)]
        self.x = self.y = 0
        self.code = "junk"

    def feed(self, text: str) -> None:
        at = 0
        while at < len(text):
            match = TOKEN.match(text, at)
            assert match, text[at:]
            at = match.end()
            numbers, final, char = match.groups()
            if char:
                self.write(char)
            elif final == "m":
                self.code = numbers.removeprefix("0;")
            elif final == "H":
                places = [int(number or 1) for number in numbers.split(";")]
                self.y, self.x = places[0] - 1, (places[1] - 1 if len(places) > 1 else 0)
            elif final == "C":
                self.x += int(numbers)
            elif final == "J":
                self.cells = [[(" ", "")] * self.width for _ in range(self.height)]
                assert self.code == ""
            elif final == "K":
                assert self.code == ""
                self.cells[self.y][self.x :] = [(" ", "")] * (self.width - self.x)
            else:
                raise AssertionError(final)

    def write(self, char: str) -> None:
        width = cell_len(char)
        if not width:
            before = self.cells[self.y][self.x - 1]
            self.cells[self.y][self.x - 1] = (before[0] + char, before[1])
            return
        assert self.x + width <= self.width, "a line is wider than the screen"
        self.cells[self.y][self.x] = (char, self.code)
        if width == 2:
            self.cells[self.y][self.x + 1] = ("", "")
        self.x += width

    @property
    def lines(self) -> list[str]:
        """The text of every line, as wide as the screen."""
        return ["".join(char for char, _ in line) for line in self.cells]
