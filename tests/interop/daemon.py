# SPDX-License-Identifier: Apache-2.0
"""A real remexd for a test, in a directory of its own."""

import os
import shutil
import subprocess
import tempfile


class Daemon:
    def __init__(self, program, *arguments, listen=None):
        self.program = program
        self.directory = tempfile.mkdtemp(prefix="remex-interop-")
        self.listen = listen or f"ipc://{self.directory}/executor"
        self.arguments = arguments
        self.address = None
        self._process = None
        self.start()

    def start(self):
        """Returns when it listens."""
        read_end, write_end = os.pipe()
        self._process = subprocess.Popen(
            [self.program, "--listen", self.listen, "--ready-fd",
             str(write_end), *self.arguments],
            pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            self.address = ready.readline().strip()
        if not self.address:
            raise RuntimeError("remexd did not start")

    def kill(self):
        self._process.kill()
        self._process.wait()

    def stop(self):
        self._process.terminate()
        status = self._process.wait()
        shutil.rmtree(self.directory)
        if status:
            raise RuntimeError(f"remexd ended with {status}")
