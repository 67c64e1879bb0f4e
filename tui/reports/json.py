"""One JSON document: the session as it was recorded, with the profile's sentences beside it."""

from __future__ import annotations

from collections.abc import Iterator

from probes.session.header import header_record
from probes.session.json_line import encode_record
from probes.session.records import finding_record, result_record, verdict_record
from profiles.model import Check
from profiles.ports import with_ports
from tui.reports.model import Report, fix_text, notices, unexplained, who_text

SCHEMA = "auditreach.report/1"
"""Name and version of the document."""


def render(report: Report) -> Iterator[str]:
    """The document in ASCII, as the log is, a piece a row."""
    session = report.session
    header = header_record(session.header)
    del header["type"]
    yield "{" + _members(schema=SCHEMA, session=header)
    yield ",\n" + _members(complete=session.complete, ended=session.ended)
    yield ",\n" + _members(notices=list(notices(report)), counts=report.counts)
    yield ",\n" + _members(checks=_checks(report)) + ',\n"results":['
    comma = "\n"
    for result in session.results:
        record = result_record(result)
        del record["type"]
        if text := fix_text(report, result):
            record["change"] = {"by": who_text(report, result), "text": text}
        yield comma + encode_record(record)
        comma = ",\n"
    remarks = [{"at": remark.at, "text": remark.text} for remark in session.remarks]
    verdicts = [verdict_record(verdict) for verdict in session.verdicts]
    findings = [finding_record(finding) for finding in session.findings]
    yield "],\n" + _members(verdicts=verdicts) + ",\n" + _members(findings=findings)
    yield ",\n" + _members(in_no_finding=list(unexplained(report)))
    yield ",\n" + _members(remarks=remarks) + "}\n"


def _members(**members: object) -> str:
    return encode_record(members)[1:-1]


def _checks(report: Report) -> dict[str, dict[str, str]]:
    """The sentences of the checks that were asked, by check id."""
    ports: dict[str, set[int]] = {}
    used: dict[str, Check] = {}
    for result in report.session.results:
        job = result.job
        ports.setdefault(job.check.id, set()).update(() if job.port is None else (job.port,))
        # As the profile has it, if it was asked so anywhere.
        if job.check.service_port is None or job.check.id not in used:
            used[job.check.id] = job.check
    return {
        check.id: {
            "title": check.title,
            "port": with_ports(check, ports[check.id]).port_text,
            "loss": check.loss,
            "required_when": check.required_when,
            "purpose": check.purpose,
            "consequence": check.consequence,
            "fix": check.fix,
        }
        for check in used.values()
    }
