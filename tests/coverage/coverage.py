#!/usr/bin/env python3
"""What the tests have reached, told from the counters of a coverage build.

    coverage.py BUILD_DIR [--bound PERCENT] [WORD...]

A logic module is a .c file of common, executor or client whose object calls
nothing outside of this project but functions that compute (COMPUTES below).
For each there is a line of a table; with a WORD in its name, the places of
what was not reached follow. It fails if of the branches of all logic modules
together fewer than PERCENT have been taken, and tells where most of the
others are.

Two kinds of branches cannot be taken, and do not count: those of an assert,
and the compiler's way past a switch that names every value and has no
default.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys

# Memory, strings, numbers, calendars; digests and the encoding of messages;
# and locks, but neither waiting for anything nor making a thread.
COMPUTES = re.compile(r"""(
    malloc | calloc | realloc | reallocarray | free | explicit_bzero | mem\w+
    | str\w+ | v?snprintf | reg(comp|exec|error|free) | fnmatch
    | __ctype_b_loc | sigabbrev_np | __libc_current_sigrtmax
    | inet_pton | [hn]to[hn][sl] | qsort(_r)? | bsearch | ceil | gmtime_r | timegm
    | SHA256 | CRYPTO_memcmp | protobuf_c_\w+
    | pthread_(mutex|cond|condattr)_(init|destroy|setclock)
    | pthread_mutex_(un)?lock | pthread_cond_(signal|broadcast)
    | abort | __assert_fail | __errno_location | __stack_chk_fail
    | _GLOBAL_OFFSET_TABLE_ | __gcov_\w+
)""", re.VERBOSE)
PARTS = ("common", "executor", "client")


def run(command):
    """Its stdout; what it has to say of files that were never reached is not
    of interest."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout


def objects(build, root):
    """{object: source} of the parts, the examples aside."""
    found = {}
    for part in PARTS:
        for folder, _, names in os.walk(os.path.join(build, part)):
            place = re.sub(r"/?CMakeFiles/[^/]*\.dir", "", folder)
            source = os.path.relpath(place, build)
            if source.startswith("client/examples"):
                continue
            for name in names:
                file = os.path.join(source, name[:-2])
                # An object may be older than its source's end.
                if name.endswith(".c.o") and os.path.exists(
                        os.path.join(root, file)):
                    found[os.path.join(folder, name)] = file
    return found


def names(flag, files):
    """(file, name) of the symbols that nm tells with a flag."""
    for line in run(["nm", "-A", flag, *files]).splitlines():
        file, symbol = line.split(":", 1)
        yield file, symbol.split()[-1]


def logic(found, build):
    """The sources of logic modules."""
    ours = {name for _, name in names("--defined-only", found)}
    generated = [os.path.join(folder, name)
                 for folder, _, listed in os.walk(os.path.join(build, "proto"))
                 for name in listed if name.endswith(".o")]
    ours |= {name for _, name in names("--defined-only", generated)}
    doing = {found[file] for file, name in names("--undefined-only", found)
             if name not in ours and not COMPUTES.fullmatch(name)}
    return {source for source in found.values() if source not in doing}


class Module:
    """What was reached of one source."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.text = file.read().splitlines()
        self.lines = collections.Counter()  # by number
        self.branches = {}  # by (function, line): a count for each way on

    def add(self, line):
        """A line as one object's gcov has it; others may have the same."""
        number = line["line_number"]
        self.lines[number] += line["count"]
        ways = [branch["count"] for branch in line["branches"]]
        place = (line.get("function_name"), number)
        before = self.branches.get(place, [0] * len(ways))
        self.branches[place] = [a + b for a, b in zip(ways, before)]

    def has_default(self, number):
        """Whether the switch on a line, with its own braces, has one."""
        depth = self.text[number - 1].index("switch")
        for line in self.text[number:]:
            if line.strip().startswith("default:"):
                return True
            if line.startswith("}".rjust(depth + 1)):
                break
        return False

    def possible(self, number, ways):
        """The counts of those that can be taken."""
        text = self.text[number - 1].strip()
        if text.startswith("assert("):
            return []
        if (text.startswith("switch (") and ways and ways[-1] == 0
                and not self.has_default(number)):
            return ways[:-1]
        return ways

    def ways(self):
        for (_, number), ways in sorted(
                self.branches.items(), key=lambda item: item[0][1]):
            for count in self.possible(number, ways):
                yield number, count

    def missing(self):
        """{line: how many ways on from it were not taken}"""
        return collections.Counter(
            number for number, count in self.ways() if count == 0)

    def figures(self):
        counts = [count for _, count in self.ways()]
        return (sum(1 for count in self.lines.values() if count),
                len(self.lines),
                sum(1 for count in counts if count), len(counts))


def measure(found, root):
    """{source: Module} from the counters of all objects."""
    modules = {source: Module(os.path.join(root, source))
               for source in found.values()}
    notes = [file[:-2] + ".gcno" for file in found]
    for document in run(["gcov", "--json-format", "--stdout",
                         "--branch-probabilities", *notes]).splitlines():
        if not document:
            continue
        for file in json.loads(document)["files"]:
            source = os.path.relpath(file["file"], root)
            if source in modules:
                for line in file["lines"]:
                    modules[source].add(line)
    return modules


def percent(part, whole):
    return 100 * part / whole if whole else 100


def row(name, figures):
    lines, all_lines, branches, all_branches = figures
    return (f"{name:<40}{lines:>6} of {all_lines:>5}"
            f" {percent(lines, all_lines):>6.1f}%"
            f"{branches:>7} of {all_branches:>5}"
            f" {percent(branches, all_branches):>6.1f}%")


def total(modules):
    return [sum(column) for column in zip(
        *(module.figures() for module in modules))]


def tell_places(source, module):
    print(f"\n{source}: ways not taken, by line")
    for number, ways in sorted(module.missing().items()):
        print(f"{number:>5} {ways:>3}  {module.text[number - 1].strip()}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--bound", type=float, default=0)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    root = os.path.dirname(os.path.dirname(build))

    found = objects(build, root)
    modules = measure(found, root)
    chosen = {source: modules[source] for source in logic(found, build)}
    others = [modules[source] for source in modules if source not in chosen]

    print(f"{'module':<40}{'lines':>15}{'':>9}{'branches':>14}")
    for source in sorted(chosen):
        print(row(source, chosen[source].figures()))
    all_logic = total(chosen.values())
    print(row(f"{len(chosen)} logic modules", all_logic))
    print(row(f"{len(others)} that do system calls", total(others)))

    for source in sorted(chosen):
        if any(word in source for word in options.words):
            tell_places(source, chosen[source])

    reached = percent(*all_logic[2:])
    if reached >= options.bound:
        return 0
    worst = sorted(chosen, key=lambda source: -sum(
        chosen[source].missing().values()))
    for source in worst[:10]:
        tell_places(source, chosen[source])
    print(f"\n{reached:.1f}% of the branches of logic modules were taken:"
          f" the bound is {options.bound:g}%")
    return 1


if __name__ == "__main__":
    sys.exit(main())
