"""`fer3d doctor`: checks this machine before a long run."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from fer3d import checkout

STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(
    json_output: Annotated[bool, typer.Option("--json", help="print it as JSON")] = False,
) -> None:
    """Check this machine before a long run; exit status 1 if there is a problem."""
    from fer3d.doctor import Status, examine
    from fer3d.machine import settings
    from fer3d.params import load

    findings = examine(checkout.TOP, load(checkout.PARAMS), settings.load(checkout.TOP))
    if json_output:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        table = Table(
            "check",
            "",
            Column("finding", overflow="fold"),
            Column("what to do", overflow="fold"),
        )
        for finding in findings:
            status = f"[{STYLES[finding.status]}]{finding.status}[/]"
            table.add_row(finding.check, status, escape(finding.detail), escape(finding.advice))
        Console().print(table)
    if any(finding.status is Status.PROBLEM for finding in findings):
        raise typer.Exit(1)
