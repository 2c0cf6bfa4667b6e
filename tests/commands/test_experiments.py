"""`fer3d experiments`, as far as it needs no run."""

from typer.testing import CliRunner

from fer3d.commands.experiments import app
from fer3d.errors import UserError


def test_a_comparison_with_ours_alone_is_none():
    result = CliRunner().invoke(app, ["compare"])
    assert isinstance(result.exception, UserError)
    assert "experiments.models lists no model but ours: add some" in str(result.exception)


def test_only_what_reads_a_parameter_file_takes_one():
    """DVC reads params.yaml, independent of the options of `run`."""
    refused = CliRunner().invoke(app, ["run", "--params", "other.yaml"])
    assert refused.exit_code == 2 and "No such option" in refused.output
    assert "--params" in CliRunner().invoke(app, ["show", "--help"]).output
