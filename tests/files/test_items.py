"""Documents are complete after each item, and can be continued."""

import json
import os
import threading

import pytest

from fer3d.files.items import ItemsOutput, json_items

HEAD, BETWEEN, TAIL = b'{"images": [', b", ", b"]}\n"


def opened(path, **options) -> ItemsOutput:
    return ItemsOutput(path, BETWEEN, TAIL, **options)


def test_a_document_is_complete_after_each_item(tmp_path):
    path = tmp_path / "new" / "a.json"
    with opened(path) as output:
        for number in range(3):
            output.add(b"%d" % number, head=HEAD)
            assert json.loads(path.read_text()) == {"images": list(range(number + 1))}
    assert path.read_bytes() == b'{"images": [0, 1, 2]}\n'


def test_an_interruption_leaves_what_was_written_and_no_more(tmp_path):
    path = tmp_path / "a.json"
    with pytest.raises(KeyboardInterrupt), opened(path) as output:
        output.add(b"1", head=HEAD)
        with path.open("ab") as half:
            half.write(b", 2")  # of a write that was cut short
        raise KeyboardInterrupt
    assert json.loads(path.read_text()) == {"images": [1]}


def test_an_error_before_the_first_item_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), opened(path):
        raise KeyboardInterrupt
    assert path.read_text() == "before"


def test_a_longer_old_file_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("x" * 1000)
    with opened(path) as output:
        output.add(b"1", head=HEAD)
    assert path.read_bytes() == b'{"images": [1]}\n'


def test_items_are_added_to_what_is_kept(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b'{"images": [1, 2, 3broken')
    with opened(path, kept=len(b'{"images": [1, 2')) as output:
        output.add(b"4", head=HEAD)
    assert path.read_bytes() == b'{"images": [1, 2, 4]}\n'


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "link").symlink_to("real.json")
    with opened(tmp_path / "link") as output:
        output.add(b"1", head=HEAD)
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real.json").stat().st_size


def test_a_pipe_gets_items_as_they_come_and_the_tail_once(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with opened(pipe) as output:
        output.add(b"1", head=HEAD)
        output.add(b"2", head=HEAD)
    reader.join(20)
    assert read == [b'{"images": [1, 2]}\n'] and pipe.is_fifo()


def test_a_full_disk_is_named(tmp_path):
    path = tmp_path / "full"
    path.symlink_to("/dev/full")
    with pytest.raises(OSError) as caught, opened(path) as output:
        output.add(b"1", head=HEAD)
    assert caught.value.filename == str(path)


def test_a_json_document_grows_by_objects(tmp_path):
    path = tmp_path / "a.json"
    items = [{"image": "a\nb.png", "faces": [{"box": [1, 2]}]}, {"image": "ä", "faces": []}]
    with json_items(path) as add:
        for number, item in enumerate(items, start=1):
            add(item)
            assert json.loads(path.read_text()) == {"images": items[:number]}
    assert path.read_text() == json.dumps({"images": items}, indent=2, ensure_ascii=False) + "\n"


def test_without_a_path_no_document_is_written():
    with json_items(None) as add:
        add({"image": object()})
