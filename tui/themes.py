"""Six themes: the terminal's own colours, high contrast, and colours that the colour-blind tell
apart, each for a dark and a light background. All of them work where there are 16 colours.
"""

from __future__ import annotations

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme


def _terminal_theme(name: str, theme: Theme) -> Theme:
    """A theme of Textual's for the terminal's colours, but with no other background anywhere."""
    bar = dict.fromkeys(
        ("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active"),
        "ansi_default",
    )
    return replace(theme, name=name, variables={**theme.variables, **bar})


_TERMINAL_DARK = _terminal_theme("dark", BUILTIN_THEMES["ansi-dark"])
# Its warning is a red as well.
_TERMINAL_LIGHT = replace(
    _terminal_theme("light", BUILTIN_THEMES["ansi-light"]), warning="ansi_magenta"
)


def _with_background(theme: Theme, background: str, text: str) -> Theme:
    """A theme with a background and a text colour of its own, and nothing dimmed."""
    both = {"surface": background, "panel": background, "ansi-background": background}
    texts = dict.fromkeys(("text", "text-muted", "text-disabled", "ansi-foreground"), text)
    cursor = {
        "block-cursor-foreground": background,
        "block-cursor-background": text,
        "block-cursor-blurred-foreground": text,
        "block-cursor-blurred-background": background,
    }
    line = {"input-cursor-foreground": text, "input-cursor-text-style": "reverse"}
    return replace(
        theme,
        background=background,
        foreground=text,
        variables={
            **theme.variables,
            **both,
            **texts,
            **cursor,
            **line,
            "input-cursor-background": background,
            "scrollbar": text,
            "scrollbar-background": background,
        },
    )


THEMES = (
    _TERMINAL_DARK,
    _TERMINAL_LIGHT,
    _with_background(
        replace(
            _TERMINAL_DARK,
            name="contrast-dark",
            primary="#00ffff",
            secondary="#00ffff",
            success="#00ff5f",
            warning="#ffff00",
            error="#ff8787",
            accent="#00ffff",
        ),
        "#000000",
        "#ffffff",
    ),
    _with_background(
        replace(
            _TERMINAL_LIGHT,
            name="contrast-light",
            primary="#003f8c",
            secondary="#003f8c",
            success="#005f00",
            warning="#5c3d00",
            error="#8b0000",
            accent="#003f8c",
        ),
        "#ffffff",
        "#000000",
    ),
    # Okabe and Ito's palette, on light backgrounds darker: blue is well, orange is not.
    replace(
        _TERMINAL_DARK,
        name="blue-orange-dark",
        success="#56b4e9",
        warning="#f0e442",
        error="#e69f00",
        accent="#56b4e9",
    ),
    replace(
        _TERMINAL_LIGHT,
        name="blue-orange-light",
        success="#0060a8",
        warning="#8f6b00",
        error="#7a2a00",
        accent="#0060a8",
    ),
)
"""The first is the one that stands when none was chosen."""
