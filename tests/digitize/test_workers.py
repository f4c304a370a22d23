"""Workers are there when wanted, and leave without a word."""

import os
import signal
import subprocess
import sys
import time

import pytest

from digitize.workers import WorkersGone, worker_pool


def test_a_worker_has_one_core_and_a_process_group_of_its_own():
    with worker_pool(1) as schedule:
        pid = schedule(os.getpid, (), 30.0).result()
        assert os.getpgid(pid) == pid
        assert schedule(os.getenv, ("OMP_THREAD_LIMIT",), 30.0).result() == "1"


def test_workers_killed_while_idle_are_told_of():
    def keep_asking() -> None:
        for _ in range(600):
            schedule(os.getpid, (), 30.0)
            time.sleep(0.05)

    with worker_pool(1) as schedule:
        os.kill(schedule(os.getpid, (), 30.0).result(), signal.SIGKILL)
        with pytest.raises(WorkersGone):
            keep_asking()


@pytest.mark.parametrize("tasks", [0, 1])
def test_a_pool_that_is_stopped_while_it_starts_does_not_complain(tasks):
    program = (
        "from digitize.workers import worker_pool\n"
        "if __name__ == '__main__':\n"
        "    with worker_pool(4) as schedule:\n"
        f"        [schedule(abs, (-1,), 30.0) for _ in range({tasks})]\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stderr == b""


def test_ctrl_c_while_a_worker_starts_waits_until_it_has():
    program = """
import signal
from multiprocessing import forkserver
from digitize.workers import worker_pool

connect = forkserver.connect_to_new_process

def connect_and_press(fds):
    connection = connect(fds)
    signal.raise_signal(signal.SIGINT)
    return connection

if __name__ == "__main__":
    forkserver.connect_to_new_process = connect_and_press
    try:
        with worker_pool(2) as schedule:
            schedule(abs, (-1,), 30.0)
            print("went on")
    except KeyboardInterrupt:
        print("heard")
"""
    run = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert (run.stdout, run.stderr) == (b"heard\n", b"")


def test_ctrl_c_in_a_terminal_is_not_heard_by_what_loads_in_the_background():
    program = """
import sys, time
from digitize.workers import prepare

if __name__ == "__main__":
    prepare()
    print("loading", flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        print("heard")
"""
    command = [sys.executable, "-c", program]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, start_new_session=True) as run:
        assert run.stdout
        assert run.stdout.readline() == b"loading\n"
        time.sleep(0.2)  # the server is importing by then
        os.killpg(run.pid, signal.SIGINT)
        assert run.communicate(timeout=30) == (b"heard\n", b"")


def test_a_command_that_is_killed_takes_its_workers_along(outlives):
    program = """
import os, time
from digitize.workers import worker_pool

if __name__ == "__main__":
    with worker_pool(1) as schedule:
        print(schedule(os.getpid, (), 30.0).result(), flush=True)
        schedule(time.sleep, (60,), 90.0).result()
"""
    assert not outlives(program)
