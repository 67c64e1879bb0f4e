"""Remediation of a row: the change, and commands to confirm it. Text only; nothing is executed."""

from probes.registry.shell import Command, Snippet
from probes.remediation.advice import remedy
from probes.remediation.confirm_commands import commands
from probes.remediation.model import Remedy

__all__ = ["Command", "Remedy", "Snippet", "commands", "remedy"]
