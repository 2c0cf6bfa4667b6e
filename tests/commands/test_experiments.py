"""`fer3d experiments`, as far as it needs no run."""

from typer.testing import CliRunner

from fer3d.commands.experiments import app


def test_only_what_reads_a_parameter_file_takes_one():
    """DVC reads params.yaml, independent of the options of `run`."""
    refused = CliRunner().invoke(app, ["run", "--params", "other.yaml"])
    assert refused.exit_code == 2 and "No such option" in refused.output
    assert "--params" in CliRunner().invoke(app, ["show", "--help"]).output
