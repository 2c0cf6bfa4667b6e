"""Progress in a log: a line for every tenth, with rate and time left."""

from fer3d.machine import progress


def test_every_tenth_is_a_line(capsys):
    with progress.progress("predict", 20) as advance:
        for _ in range(20):
            advance(1)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10 and lines[0].startswith("predict: 2 of 20")


def test_a_line_tells_the_rate_and_the_time_left(capsys, monkeypatch):
    now = iter((0.0, 4.0, 8.0))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress.progress("predict", 100) as advance:
        advance(50)
        advance(50)
    assert capsys.readouterr().err.splitlines() == [
        "predict: 50 of 100, 12/s, 4 s left",
        "predict: 100 of 100, 12/s",
    ]


def test_without_a_total_there_is_a_line_now_and_then(capsys, monkeypatch):
    now = iter((0.0, 20.0, 40.0, 50.0))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress.progress("camera", None) as advance:
        for _ in range(3):
            advance(100)
    assert capsys.readouterr().err == "camera: 200, 5.0/s\n"
