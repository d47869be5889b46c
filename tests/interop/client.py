# SPDX-License-Identifier: Apache-2.0
"""A client of remex that knows nothing but executor.proto, remex-protocol(7)
and NNG. It is here to prove that they suffice, and to be read."""

import uuid

import nng
from remex.v1 import executor_pb2 as pb

VERSION = 1
KIB = 1024
SLACK = 64 * KIB  # of an envelope, beside the limits that count
FIRST_REPLY = 1024 * KIB  # until Open has told what a reply may be
PATIENCE_MS = 30000


class Refused(Exception):
    """A reply with another code than OK."""

    def __init__(self, reply):
        super().__init__(f"{reply.code}: {reply.message}")
        self.code = reply.code
        self.detail = reply.detail
        self.kind = reply.detail.WhichOneof("kind")


class BrokenPromise(Exception):
    """The executor did what the protocol excludes."""


def expect(truth, what):
    if not truth:
        raise BrokenPromise(what)


class Process:
    """A followed process: its events as they came, checked."""

    def __init__(self, process_id, follow_id, window):
        self.id = process_id
        self.follow_id = follow_id
        self.window = window
        self.seq = 0
        self.position = 0  # of all streams together, gaps included
        self.output = {}
        self.gaps = []
        self.exited = None
        self.closed = None
        self.displaced = False
        self.pid = 0

    def take(self, event, payload):
        """One event; returns how many bytes of the payload are its own."""
        expect(not self.closed, "an event after Closed")
        if event.WhichOneof("kind") == "gap":
            expect(event.gap.first_seq == self.seq + 1, "a hole in the numbers")
            self.gaps.append(event.gap)
            self.position += event.gap.bytes
            self.seq = event.seq
            return 0
        expect(event.seq == self.seq + 1, "a hole in the numbers")
        self.seq = event.seq
        return getattr(self, "_take_" + event.WhichOneof("kind"))(
            event, payload)

    def _take_output(self, event, payload):
        out = event.output
        had = self.output.setdefault(out.stream, bytearray())
        expect(self.gaps or out.offset == len(had), "an offset is wrong")
        expect(len(payload) >= out.size, "a payload is short")
        had += payload[:out.size]
        self.position += out.size
        return out.size

    def _take_exited(self, event, _):
        expect(not self.exited, "a second Exited")
        self.exited = event.exited
        return 0

    def _take_closed(self, event, _):
        expect(self.exited, "Closed before Exited")
        self.closed = event.closed
        return 0

    def ack(self):
        return pb.PullAck(follow_id=self.follow_id, consumed_seq=self.seq,
                          until_position=self.position + self.window)

    def cursor(self):
        return pb.FollowSpec(
            process_id=self.id, follow_id=self.follow_id, after_seq=self.seq,
            after_position=self.position,
            until_position=self.position + self.window)


class Client:
    """One session. Not for threads; `pull` and `call` have a lane each."""

    called = set()  # the methods that were used, by all clients

    def __init__(self, address, token=b"", name="interop",
                 transport=nng.Request):
        self.address = address
        self.transport = transport
        self.followed = {}
        self.session_id = b""
        self.boot_id = b""
        self.attachment = 0
        self.reply_bytes = FIRST_REPLY
        self.calls = self.lane()
        self.pulls = None
        self.opened = self._open(pb.OpenRequest(
            client_name=name, min_version=VERSION, max_version=VERSION,
            token=token))
        self._next_follow = 1

    def lane(self):
        return self.transport(
            self.address, self.reply_bytes + SLACK, PATIENCE_MS)

    def _open(self, request):
        reply, _ = self._on(self.calls, "open", request)
        self.session_id = reply.session_id
        self.attachment = reply.attachment
        self.reply_bytes = reply.limits.reply_bytes
        self.close_lanes()
        self.calls = self.lane()
        self.pulls = self.lane()
        return reply

    def _on(self, lane, method, message, payload=b""):
        Client.called.add(method)
        request = pb.Request(
            version=VERSION, session_id=self.session_id, boot_id=self.boot_id,
            attachment=self.attachment, payload=payload,
            deadline_ms=PATIENCE_MS)
        if method == "open":
            request.ClearField("session_id")
            request.ClearField("attachment")
            request.ClearField("boot_id")
        getattr(request, method).CopyFrom(message)
        lane.send(request.SerializeToString())
        reply = pb.Reply.FromString(lane.receive())
        if reply.code:
            expect(reply.WhichOneof("result") is None, "refused, and a result")
            raise Refused(reply)
        expect(reply.WhichOneof("result") == method, "another method's result")
        self.boot_id = reply.boot_id
        return getattr(reply, method), reply.payload

    def call(self, method, message, payload=b""):
        return self._on(self.calls, method, message, payload)

    def close_lanes(self):
        for lane in (self.calls, self.pulls):
            if lane:
                lane.close()

    def close(self):
        self.call("close", pb.CloseRequest())
        self.close_lanes()

    def resume(self, take_over=False):
        """After the lanes broke: goes on from the cursors of all followed."""
        self.close_lanes()
        self.calls = self.lane()
        self.pulls = None
        reply = self._open(pb.OpenRequest(
            client_name="interop", min_version=VERSION, max_version=VERSION,
            resume=pb.Resume(
                session_id=self.session_id, boot_id=self.boot_id,
                attachment=self.attachment, take_over=take_over,
                follows=[p.cursor() for p in self.followed.values()
                         if not p.closed])))
        for state in reply.follows:
            expect(state.known, "a followed process is unknown")
            expect(not state.no_room, "a followed process has no room")
        return reply

    def new_process(self, process_id, window=256 * KIB):
        process = Process(process_id, self._next_follow, window)
        self._next_follow += 1
        self.followed[process.follow_id] = process
        return process

    def start(self, argv, window=256 * KIB, **spec):
        """Starts and follows it from its first event on."""
        spec = process_spec(argv, **spec)
        process = self.new_process(spec.process_id, window)
        reply, _ = self.call("start", pb.StartRequest(
            process=spec, follow=process.cursor()))
        process.pid = reply.pid
        return process

    def pull(self, wait_ms=1000):
        """One Pull; its events go to the processes. How many there were."""
        reply, payload = self._on(self.pulls, "pull", pb.PullRequest(
            acks=[p.ack() for p in self.followed.values()], wait_ms=wait_ms))
        payload = memoryview(payload)
        for event in reply.events.events:
            process = self.followed[event.follow_id]
            payload = payload[process.take(event, payload):]
            if process.closed:
                self._unfollow(process)
        expect(len(payload) == 0, "payload that belongs to no event")
        for state in reply.states:
            if state.displaced:
                self.followed[state.follow_id].displaced = True
        return len(reply.events.events)

    def _unfollow(self, process):
        self.call("unfollow", pb.UnfollowRequest(follow_id=process.follow_id))
        del self.followed[process.follow_id]

    def pull_until(self, condition, rounds=10000):
        for _ in range(rounds):
            if condition():
                return
            self.pull()
        raise BrokenPromise("it does not come")

    def write(self, process, offset, data, eof=False, wait_ms=0):
        return self.call("write", pb.WriteRequest(
            process_id=process.id, offset=offset, eof=eof, wait_ms=wait_ms),
            data)[0]


def stream(delivery=pb.DELIVERY_RELIABLE, retention=pb.RETENTION_ALL,
           amount=0, no_follower=pb.NO_FOLLOWER_DRAIN):
    return pb.StreamSpec(
        capture=pb.CAPTURE_PIPE, delivery=delivery, no_follower=no_follower,
        retention=retention, retention_amount=amount)


def process_spec(argv, process_id=None, stdin=pb.STDIN_CLOSED, **more):
    """A spec with everything stated that has to be."""
    spec = pb.ProcessSpec(
        process_id=process_id or uuid.uuid4().bytes,
        argv=[word.encode() for word in argv], env_base=pb.ENV_BASE_EXECUTOR,
        stdin_kind=stdin, owner_loss=pb.OWNER_LOSS_KILL,
        eof_linger=pb.EofLinger(wait_ms=3000), stdout_spec=stream())
    if "pty" not in more:
        spec.stderr_spec.CopyFrom(stream())
    for name, value in more.items():
        field = getattr(spec, name)
        if hasattr(field, "CopyFrom") and not isinstance(value, list):
            field.CopyFrom(value)
        elif isinstance(value, list):
            field.extend(value)
        else:
            setattr(spec, name, value)
    return spec
