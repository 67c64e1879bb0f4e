"""What to change for a row, and how somebody else can confirm it. Text only; nothing is done."""

from probes.registry.shell import Command, Paste
from probes.remediation.advice import remedy
from probes.remediation.confirm_commands import commands
from probes.remediation.model import Remedy

__all__ = ["Command", "Paste", "Remedy", "commands", "remedy"]
