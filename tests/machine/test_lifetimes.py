"""Workers end with their parent, and ignore Ctrl-C."""

import os
import signal
import subprocess
import sys
import time

import psutil

GONE_S = 60.0  # in which a worker must be gone; a loaded machine is slow

PARENT = '''
import os, subprocess, sys
from fer3d.machine.lifetimes import deaf_to_interrupts
child = f"""
import time
from fer3d.machine.lifetimes import end_with_parent
end_with_parent({os.getpid()})
print("ready", flush=True)
time.sleep(600)
"""
with deaf_to_interrupts():
    process = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE)
process.stdout.readline()
print(process.pid, flush=True)
process.wait()
'''


def is_running(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def run(number: signal.Signals) -> tuple[bool, bool]:
    """Whether a worker runs shortly after a signal to it and to its parent alone, and later."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        worker = int(parent.stdout.readline())
        if number == signal.SIGINT:
            os.kill(worker, number)
            time.sleep(0.3)
        after = is_running(worker)
        parent.kill()
        parent.wait()
    end = time.monotonic() + GONE_S
    while is_running(worker) and time.monotonic() < end:
        time.sleep(0.1)
    return after, is_running(worker)


def test_a_worker_does_not_outlive_a_killed_parent() -> None:
    assert run(signal.SIGKILL) == (True, False)


def test_a_worker_does_not_hear_ctrl_c() -> None:
    assert run(signal.SIGINT) == (True, False)


def test_a_worker_whose_parent_is_gone_before_it_begins_leaves_too() -> None:
    code = (
        "import time; from fer3d.machine.lifetimes import end_with_parent; "
        "end_with_parent(1); time.sleep(600)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGTERM
