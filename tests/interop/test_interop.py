# SPDX-License-Identifier: Apache-2.0
"""test_interop.py REMEXD: every method of the protocol, spoken by a client in
another language to a real remexd."""

import errno
import functools
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import unittest

import client as remex
import nng
import sp
from daemon import Daemon
from client import Client, Refused, pb, process_spec, stream

# gRPC's canonical codes
INVALID_ARGUMENT = 3
NOT_FOUND = 5
ALREADY_EXISTS = 6
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNAUTHENTICATED = 16

REMEX = REMEXD = ""


class Story(unittest.TestCase):
    """An executor for the class, and a session for each test."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(REMEXD)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def setUp(self):
        self.client = Client(self.daemon.address)

    def tearDown(self):
        self.client.close()

    def ended(self, process):
        self.client.pull_until(lambda: process.closed)
        return process

    def refused(self, code, call, *arguments, **named):
        with self.assertRaises(Refused) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.code, code, caught.exception)
        return caught.exception


class Running(Story):
    def test_a_program_is_followed_to_its_one_ending(self):
        process = self.ended(self.client.start(
            ["sh", "-c", "echo out; echo err >&2; exit 3"]))
        self.assertEqual(process.output[pb.STREAM_STDOUT], b"out\n")
        self.assertEqual(process.output[pb.STREAM_STDERR], b"err\n")
        self.assertFalse(process.exited.by_signal)
        self.assertEqual(process.exited.code, 3)
        ends = {end.stream: end for end in process.closed.ends}
        for name in (pb.STREAM_STDOUT, pb.STREAM_STDERR):
            self.assertEqual(ends[name].kind, pb.STREAM_END_KIND_EOF)
            self.assertEqual(ends[name].bytes, 4)

    def test_a_short_one_is_one_round_trip(self):
        reply, payload = self.client.call("run", pb.RunRequest(
            process=process_spec(
                ["sh", "-c", "tr a-z A-Z; exit 7"], stdin=pb.STDIN_PIPE)),
            b"hello")
        kinds = [event.WhichOneof("kind") for event in reply.events.events]
        self.assertEqual(payload, b"HELLO")
        self.assertEqual(kinds, ["output", "exited", "closed"])
        self.assertEqual(reply.events.events[1].exited.code, 7)

    def test_much_output_comes_exactly_through_a_small_window(self):
        process = self.ended(self.client.start(
            ["seq", "1", "200000"], window=16 * remex.KIB))
        told = process.output[pb.STREAM_STDOUT]
        wanted = b"".join(b"%d\n" % i for i in range(1, 200001))
        self.assertEqual(
            hashlib.sha256(told).digest(), hashlib.sha256(wanted).digest())
        self.assertEqual(process.gaps, [])

    def test_what_left_the_log_is_a_gap_that_counts(self):
        spec = process_spec(
            ["seq", "1", "200000"],
            stdout_spec=stream(delivery=pb.DELIVERY_LOSSY,
                               retention=pb.RETENTION_BYTES, amount=1000))
        self.client.call("start", pb.StartRequest(process=spec))
        self.client.call("wait", pb.WaitRequest(
            process_id=spec.process_id, until=pb.PROCESS_STATE_CLOSED,
            wait_ms=10000))
        process = self.client.new_process(spec.process_id)
        while not process.closed:
            reply, payload = self.client.call("read", pb.ReadRequest(
                process_id=spec.process_id, after_seq=process.seq,
                after_position=process.position))
            for event in reply.events.events:
                payload = payload[process.take(event, payload):]
        del self.client.followed[process.follow_id]
        whole = sum(len(f"{i}\n") for i in range(1, 200001))
        told = len(process.output[pb.STREAM_STDOUT])
        self.assertEqual(len(process.gaps), 1)
        self.assertEqual(process.gaps[0].bytes + told, whole)
        self.assertTrue(
            process.output[pb.STREAM_STDOUT].endswith(b"200000\n"))

    def test_a_repeated_start_starts_once(self):
        spec = process_spec(["sleep", "1000"])
        first, _ = self.client.call("start", pb.StartRequest(process=spec))
        again, _ = self.client.call("start", pb.StartRequest(process=spec))
        self.assertEqual(first.pid, again.pid)
        spec.argv[1] = b"1001"
        self.refused(ALREADY_EXISTS, self.client.call, "start",
                     pb.StartRequest(process=spec))

    def test_why_a_launch_failed_is_told(self):
        refusal = self.refused(
            NOT_FOUND, self.client.start, ["/no/such/program"])
        self.assertEqual(refusal.kind, "launch_failed")
        self.assertEqual(refusal.detail.launch_failed.stage,
                         pb.LAUNCH_STAGE_EXEC)
        self.assertEqual(refusal.detail.launch_failed.error, errno.ENOENT)
        self.client.followed.clear()

    def test_a_wrong_field_is_named(self):
        refusal = self.refused(INVALID_ARGUMENT, self.client.start, [])
        self.assertEqual(refusal.detail.bad_field.field, "start.argv")
        self.client.followed.clear()

    def test_fields_of_the_future_are_ignored(self):
        renew = pb.RenewRequest.FromString(b"\xc2\x3e\x03abc")  # field 1000
        self.assertNotEqual(renew.SerializeToString(), b"")
        self.client.call("renew", renew)


class Control(Story):
    def test_stdin_is_taken_exactly_once(self):
        process = self.client.start(["cat"], stdin=pb.STDIN_PIPE)
        self.assertEqual(
            self.client.write(process, 0, b"hello ").next_offset, 6)
        self.assertEqual(
            self.client.write(process, 0, b"hello ").next_offset, 6)
        self.assertEqual(  # an overlap: the tail is new
            self.client.write(process, 3, b"lo world").next_offset, 11)
        self.refused(OUT_OF_RANGE, self.client.write, process, 12, b"?")
        reply = self.client.write(process, 11, b"!", eof=True)
        self.assertTrue(reply.eof)
        self.ended(process)
        self.assertEqual(process.output[pb.STREAM_STDOUT], b"hello world!")
        reply = self.client.write(process, 12, b"more")
        self.assertIn(reply.outcome, (pb.WRITE_OUTCOME_STDIN_CLOSED,
                                      pb.WRITE_OUTCOME_EXITED))

    def test_a_signal_is_what_it_died_of(self):
        process = self.client.start(["sleep", "1000"])
        reply, _ = self.client.call("signal", pb.SignalRequest(
            process_id=process.id, signal=signal.SIGTERM,
            target=pb.SIGNAL_TARGET_LEADER))
        self.assertEqual(reply.outcome, pb.SIGNAL_OUTCOME_DELIVERED)
        self.ended(process)
        self.assertTrue(process.exited.by_signal)
        self.assertEqual(process.exited.code, signal.SIGTERM)
        reply, _ = self.client.call("signal", pb.SignalRequest(
            process_id=process.id, signal=signal.SIGTERM,
            target=pb.SIGNAL_TARGET_LEADER))
        self.assertEqual(reply.outcome, pb.SIGNAL_OUTCOME_EXITED)

    def test_a_plan_ends_who_is_deaf_to_it(self):
        process = self.client.start(
            ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"])
        self.client.pull_until(lambda: process.output)
        reply, _ = self.client.call("terminate", pb.TerminateRequest(
            process_id=process.id,
            plan=[pb.StopStep(signal=signal.SIGTERM, wait_ms=50)]))
        self.assertTrue(reply.running)
        self.ended(process)
        self.assertEqual(process.exited.code, signal.SIGKILL)
        self.assertEqual(process.exited.reason, pb.EXIT_REASON_TERMINATED)

    def test_a_terminal_has_the_size_it_is_given(self):
        process = self.client.start(
            ["sh", "-c", "stty -echo; echo ready; read line; stty size"],
            stdin=pb.STDIN_PIPE,
            pty=pb.PtySpec(rows=24, columns=80, term=b"dumb"))
        self.client.pull_until(
            lambda: b"ready" in process.output.get(pb.STREAM_TERMINAL, b""))
        self.client.call("resize", pb.ResizeRequest(
            process_id=process.id, rows=33, columns=99))
        self.client.write(process, 0, b"\n")
        self.ended(process)
        self.assertIn(b"33 99", process.output[pb.STREAM_TERMINAL])

    def test_what_there_is_can_be_looked_at_and_forgotten(self):
        process = self.client.start(
            ["echo", "x"], labels=[pb.Label(name="job", value="a")])
        self.ended(process)
        self.client.call("seal", pb.SealRequest(process_id=process.id))
        reply, _ = self.client.call(
            "inspect", pb.InspectRequest(process_id=process.id))
        self.assertEqual(reply.process.state, pb.PROCESS_STATE_CLOSED)
        self.assertTrue(reply.process.streams[0].sealed)
        self.assertEqual(reply.process.exited, process.exited)
        listing = pb.ListRequest(labels=[pb.Label(name="job", value="a")])
        reply, _ = self.client.call("list", listing)
        self.assertEqual(
            [p.process_id for p in reply.processes], [process.id])
        self.client.call("forget", pb.ForgetRequest(process_id=process.id))
        reply, _ = self.client.call("list", listing)
        self.assertEqual(len(reply.processes), 0)
        self.refused(NOT_FOUND, self.client.call, "inspect",
                     pb.InspectRequest(process_id=process.id))


class Link(Story):
    def test_an_outage_loses_and_repeats_nothing(self):
        process = self.client.start(
            ["sh", "-c", "for i in $(seq 2000); do echo $i; done"],
            window=2 * remex.KIB)
        for _ in range(5):
            self.client.pull()
            self.client.resume()
        self.ended(process)
        self.assertEqual(
            process.output[pb.STREAM_STDOUT],
            b"".join(b"%d\n" % i for i in range(1, 2001)))

    def test_a_lost_answer_is_asked_for_again(self):
        process = self.client.start(["sh", "-c", "echo once; sleep 1000"])
        lost = self.client.lane()
        self.client._on(lost, "pull", pb.PullRequest(
            acks=[process.ack()], wait_ms=10000))  # and thrown away
        lost.close()
        self.client.resume()
        self.client.pull_until(lambda: process.output)
        self.assertEqual(process.output[pb.STREAM_STDOUT], b"once\n")

    def test_who_was_superseded_is_told(self):
        other = Client(self.daemon.address)
        stale = other.attachment
        other.resume()
        other.call("renew", pb.RenewRequest())
        fresh, other.attachment = other.attachment, stale
        refusal = self.refused(
            ABORTED, other.call, "renew", pb.RenewRequest())
        self.assertEqual(refusal.detail.superseded.attachment, fresh)
        self.refused(ABORTED, other.resume)
        other.resume(take_over=True)
        other.close()

    def test_a_late_follower_sees_what_is_kept(self):
        first = self.client.start(["sh", "-c", "echo kept; sleep 1000"])
        self.client.pull_until(lambda: first.output)
        second = self.client.new_process(first.id)
        reply, _ = self.client.call(
            "follow", pb.FollowRequest(follow=second.cursor()))
        self.assertTrue(reply.state.known)
        self.client.pull_until(lambda: second.output)
        self.assertEqual(second.output, first.output)

    def test_hints_beat_and_tell_of_news(self):
        opened = self.client.opened
        hints = nng.Subscriber(
            opened.hint_address, [bytes(8), opened.hint_topic], 4096,
            remex.PATIENCE_MS)
        process = self.client.start(["sh", "-c", "echo x; sleep 1000"])
        beats, news = [], 0
        while len(beats) < 2 or not news:
            message = hints.receive()
            hint = pb.Hint.FromString(message[8:])
            self.assertEqual(hint.boot_id, self.client.boot_id)
            if message[:8] == bytes(8):
                beats.append(hint.beat)
            else:
                self.assertEqual(message[:8], opened.hint_topic)
                news = hint.news
        hints.close()
        self.assertLess(beats[0], beats[1])
        self.client.pull_until(lambda: process.output)

    def test_the_empty_probe_is_answered(self):
        self.client.calls.send(b"")
        self.assertEqual(self.client.calls.receive(), b"")


class Executors(unittest.TestCase):
    def test_another_executor_executes_nothing(self):
        daemon = Daemon(REMEXD)
        client = Client(daemon.address)
        daemon.kill()
        daemon.start()
        client.calls.close()
        client.calls = client.lane()
        with self.assertRaises(Refused) as caught:
            client.start(["true"])
        self.assertEqual(caught.exception.code, FAILED_PRECONDITION)
        self.assertEqual(caught.exception.kind, "stale_boot")
        client.close_lanes()
        daemon.stop()

    def test_a_port_asks_for_a_token(self):
        directory = tempfile.TemporaryDirectory(prefix="remex-interop-")
        self.addCleanup(directory.cleanup)
        path = os.path.join(directory.name, "tokens")
        digest = hashlib.sha256(b"secret of the test").hexdigest()
        with open(path, "w", opener=lambda name, flags: os.open(
                name, flags, 0o600)) as tokens:
            tokens.write(f"joe run {digest}\n")
        daemon = Daemon(
            REMEXD, "--tokens", path, listen="tcp://127.0.0.1:0")
        self.addCleanup(daemon.stop)
        with self.assertRaises(Refused) as caught:
            Client(daemon.address, token=b"another")
        self.assertEqual(caught.exception.code, UNAUTHENTICATED)
        client = Client(daemon.address, token=b"secret of the test")
        self.assertEqual(client.opened.principal, "token:joe")
        self.assertEqual(client.opened.role, pb.ROLE_RUN)
        process = client.start(["echo", "over tcp"])
        client.pull_until(lambda: process.closed)
        self.assertEqual(process.output[pb.STREAM_STDOUT], b"over tcp\n")
        client.close()


class WithoutNng(unittest.TestCase):
    def served(self, client, principal):
        self.assertEqual(client.opened.principal, principal)
        process = client.start(["seq", "1", "50000"])
        client.pull_until(lambda: process.closed)
        self.assertEqual(
            len(process.output[pb.STREAM_STDOUT]),
            sum(len(f"{i}\n") for i in range(1, 50001)))
        client.close()

    def test_a_stream_will_do(self):
        daemon = Daemon(REMEXD)
        self.addCleanup(daemon.stop)
        self.served(Client(daemon.address, transport=sp.Request),
                    f"uid:{os.geteuid()}")

    def test_tls_is_the_language_s_own(self):
        directory = tempfile.TemporaryDirectory(prefix="remex-interop-")
        self.addCleanup(directory.cleanup)
        for words in (["authority"], ["executor", "executor", "localhost"],
                      ["client", "alice"]):
            subprocess.run(
                [REMEX, "keygen", words[0], directory.name, *words[1:]],
                check=True, stdout=subprocess.DEVNULL)
        path = functools.partial(os.path.join, directory.name)
        daemon = Daemon(
            REMEXD, "--tls-certificate", path("executor.pem"),
            "--tls-key", path("executor.key"),
            "--tls-clients", path("authority.pem"),
            listen="tls://localhost:0")
        self.addCleanup(daemon.stop)
        context = sp.tls(path("authority.pem"), path("alice.pem"),
                         path("alice.key"))
        self.served(
            Client(daemon.address, transport=functools.partial(
                sp.Request, context=context)), "cert:alice")


class ZLast(unittest.TestCase):
    def test_every_method_was_called(self):
        service = pb.DESCRIPTOR.services_by_name["Executor"]
        self.assertEqual(
            Client.called, {method.name.lower() for method in service.methods})


if __name__ == "__main__":
    REMEXD = sys.argv.pop(1)
    REMEX = os.path.join(os.path.dirname(REMEXD), "remex")
    unittest.main(verbosity=2)
