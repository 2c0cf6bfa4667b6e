"""`fer3d store` on stores of both kinds."""

import json

from typer.testing import CliRunner, Result

from fer3d.commands.store import app
from fer3d.store.objects import name_of


def run(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=answer)


def test_prune_asks_and_removes_what_is_old(store, monkeypatch, tmp_path, objects):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER3D_STORE", store.address)
    store.write_many("test 1", objects)
    assert "0 files" in run("prune", "--older-than", "1h", "--yes").output  # too young
    refused = run("prune", "--older-than", "0h", answer="n\n")
    assert "20 files" in refused.output and "Remove them?" in refused.output
    assert None not in store.read_many(list(objects)).arrays
    assert "removed 20 of 20 files" in run("prune", "--older-than", "0h", answer="y\n").output
    assert store.read_many(list(objects)).arrays == [None] * 20


def test_prune_wants_to_know_what_may_go(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = run("prune", "--yes")
    assert refused.exit_code == 2 and "--older-than" in refused.output


def test_stats_and_verify(store, monkeypatch, tmp_path, objects):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER3D_STORE", store.address)
    store.write_many("test [/] 1", objects)  # no markup
    assert "test [/] 1" in run("stats").output
    told = json.loads(CliRunner().invoke(app, ["stats", "--json"]).stdout)
    assert told["store"] == store.address
    assert told["files"]["object"]["files"] == told["producers"]["test [/] 1"]["files"] == 20
    whole = run("verify")
    assert (whole.exit_code, "intact: 20, damaged: 0" in whole.output) == (0, True)

    victim = next(iter(objects))
    store.files.write({name_of(victim): b"damaged"})
    found = run("verify")
    assert found.exit_code == 1
    assert store.path(victim) in found.output and "intact: 19, damaged: 1" in found.output
    assert run("verify").exit_code == 0


def test_a_store_that_is_switched_off_has_nothing_to_show(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER3D_STORE", "none")
    assert "switched off" in str(run("stats").exception)
