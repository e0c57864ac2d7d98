"""Runs moto's own tests of CloudFormation, ECS and STS against the simulated account: python moto_tests.py ENDPOINT FOLDER

FOLDER has the tests of moto's source distribution; pytest and moto's server are those of this Python. Prints one line for each test:
its outcome, its name, and why it fails.
"""

import hashlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

endpoint, folder = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def answers(address):
    try:
        urllib.request.urlopen(address + "/moto-api/data.json", timeout=5)
        return True
    except OSError:
        return False


def reason(report):
    """Why a test fails, in one line that is the same in every run."""
    crash = getattr(report.longrepr, "reprcrash", None)
    message = str(crash.message if crash else report.longrepr).split("\n")[0]
    message = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", message)
    message = re.sub(r"^[\w.]*(Error|Exception): ", "", message)
    if "the simulated account does not model" in message:
        return "refused by name:" + message.split("does not model")[1]
    if "An error occurred" in message:
        return "refused as at AWS: " + message.removeprefix("An error occurred ")
    path = str(crash.path) if crash else ""
    path = os.path.relpath(path, folder) if path.startswith(folder) else os.path.basename(path)
    at = f"{path}:{crash.lineno}" if crash else ""
    return f"moto differs, {at}: {message[:120]}"


def short(name):
    """The name of a test, where its parameter is a whole template too."""
    name = name.removeprefix("tests/")
    return name if len(name) < 160 else f"{name[:140]}… {hashlib.sha256(name.encode()).hexdigest()[:8]}"


class Outcomes:
    def __init__(self):
        self.all = {}

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            why = reason(report) if report.outcome == "failed" else ""
            self.all.setdefault(short(report.nodeid), (report.outcome, why))


servers = []
try:
    moto = f"http://127.0.0.1:{free_port()}"
    server = os.path.join(os.path.dirname(sys.executable), "moto_server")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    servers.append(subprocess.Popen([server, "-H", "127.0.0.1", "-p", moto.rsplit(":", 1)[1]], **quiet))
    while not answers(moto):
        time.sleep(0.1)
    servers.append(subprocess.Popen([sys.executable, os.path.join(here, "moto_proxy.py"), endpoint, moto], stdout=subprocess.PIPE, text=True))
    proxy = servers[-1].stdout.readline().strip()
    os.environ.update(TEST_SERVER_MODE="true", TEST_SERVER_MODE_ENDPOINT=proxy)
    os.chdir(folder)
    sys.path.insert(0, folder)
    outcomes, out = Outcomes(), os.dup(1)
    # Only the lines of this script go to standard output.
    os.dup2(2, 1)
    groups = [f"tests/{group}" for group in ("test_cloudformation", "test_ecs", "test_sts")]
    ended = pytest.main(["-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", *groups], plugins=[outcomes])
    sys.stdout.flush()
    os.dup2(out, 1)
    if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        sys.exit(f"pytest ended with {ended!r} before all tests ran")
    for name, (outcome, why) in sorted(outcomes.all.items()):
        print(f"{outcome} {name}" + (f" | {why}" if why else ""))
finally:
    for server in servers:
        server.kill()
