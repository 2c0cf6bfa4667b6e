"""Two ways timed in turn."""

import json
import subprocess
import sys

from benchmarks.pairs import UNIT, Pair, Seconds, measure


def test_both_sides_run_in_turn_and_each_record_is_a_line(tmp_path):
    calls = []

    def spend(name: str, steps: int) -> None:
        calls.append(name)
        sum(range(steps))

    pair = Pair("sum", "loop", lambda: spend("a", 100_000), lambda: spend("b", 400_000), 10, 40)
    record = measure(pair, rounds=3)
    assert calls == ["a", "b"] * 4
    assert record.ours_range[0] <= record.ours <= record.ours_range[1]
    assert record.ours > 0 and record.peer > 0
    for _ in range(2):
        record.write(tmp_path / "lines.jsonl")
    lines = (tmp_path / "lines.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["sum", "sum"]
    assert json.loads(lines[0])["unit"] == UNIT


def test_an_unknown_entry_is_named(repository):
    command = [sys.executable, "-m", "benchmarks", "nothing"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    assert done.returncode == 2 and "unknown entry nothing" in done.stderr


def test_a_peer_in_another_process_tells_its_time():
    pair = Pair("wait", "elsewhere", lambda: Seconds(2), lambda: Seconds(6), 4, 2)
    record = measure(pair, rounds=1)
    assert (record.ours, record.peer, record.ratio) == (500, 3000, 6)
