#!/usr/bin/env python3
"""Runs tests of a build under valgrind's memcheck.

    valgrind.py BUILD_DIR CTEST_OPTION...

The tests are those that ctest chooses by the options, each with its own command
and environment, and some times the time: valgrind takes so much. Programs that
a test starts are not watched. Fails if a test does, or if memcheck has something
to say: a wrong access, a value never set, memory that nobody points to any
more.
"""

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import tempfile

TIMES = 5
FOUND = 99
# Of what was freed memcheck keeps 20 MB from use unless told, which is more than
# some tests allow a client to grow.
MEMCHECK = [
    "valgrind", "--quiet", "--leak-check=full", "--fair-sched=try",
    "--errors-for-leak-kinds=definite,indirect",
    "--show-leak-kinds=definite,indirect", "--child-silent-after-fork=yes",
    "--freelist-vol=4000000", f"--error-exitcode={FOUND}",
]


def properties(test):
    return {item["name"]: item["value"] for item in test["properties"]}


def run(test):
    """The verdict, and what there is to read."""
    told = properties(test)
    environment = dict(os.environ, G_SLICE="always-malloc")
    for setting in told.get("ENVIRONMENT", []):
        name, value = setting.split("=", 1)
        environment[name] = value
    with tempfile.NamedTemporaryFile("r", errors="replace") as log:
        code, text = wait(subprocess.Popen(
            MEMCHECK + [f"--log-file={log.name}"] + test["command"],
            cwd=told.get("WORKING_DIRECTORY"), env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, errors="replace",
            start_new_session=True), TIMES * told.get("TIMEOUT", 60))
        findings = log.read()
    if code == FOUND:
        return "FOUND", findings
    if code == told.get("SKIP_RETURN_CODE", 77):
        return "skipped", ""
    if code == 0:
        return "clean", ""
    return "failed", findings + text


def wait(test, seconds):
    """Its code, or None if it took too long, and what it said."""
    try:
        text, _ = test.communicate(timeout=seconds)
        return test.returncode, text
    except subprocess.TimeoutExpired:
        os.killpg(test.pid, signal.SIGKILL)
        return None, test.communicate()[0]


def main():
    listed = subprocess.run(
        ["ctest", "--test-dir", sys.argv[1], "--show-only=json-v1",
         *sys.argv[2:]], check=True, stdout=subprocess.PIPE, text=True)
    tests = json.loads(listed.stdout)["tests"]
    verdicts = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for test, (verdict, text) in zip(tests, pool.map(run, tests)):
            print(f"{test['name']:<40}{verdict}", flush=True)
            if text:
                print(text)
            verdicts.setdefault(verdict, []).append(test["name"])
    clean = verdicts.pop("clean", [])
    skipped = verdicts.pop("skipped", [])
    print(f"{len(clean)} tests clean, {len(skipped)} skipped")
    for verdict, names in verdicts.items():
        print(f"{verdict}: {' '.join(names)}")
    return 1 if verdicts or not clean else 0


if __name__ == "__main__":
    sys.exit(main())
