"""What to change for a row, and how somebody else can confirm it. Text only; nothing is done."""

from probes.remedy.change import remedy
from probes.remedy.commands import commands
from probes.remedy.model import Command, Paste, Remedy

__all__ = ["Command", "Paste", "Remedy", "commands", "remedy"]
