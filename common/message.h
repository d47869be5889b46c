/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_MESSAGE_H
#define COMMON_MESSAGE_H

/*
 * Requests, replies and hints as plain values: what both ends work with, and
 * what common/wire turns into bytes and back. The .proto is their manual; the
 * names and numbers here are the ones there.
 *
 * A decoded value borrows from the arena it was decoded with and from the bytes
 * it was decoded from. A value to be encoded borrows from its maker.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#include "common/message_process.h"

enum {
    MESSAGE_VERSION = 1,
    MESSAGE_ID_BYTES = 16,   /* session and boot ids */
    MESSAGE_TOPIC_BYTES = 8, /* hint topics */

    /* Most of each: */
    MESSAGE_PROCESS_ID_BYTES = 128,
    MESSAGE_CLIENT_NAME_BYTES = 128,
    MESSAGE_LABELS = 32,
    MESSAGE_LABEL_NAME_BYTES = 128,
    MESSAGE_LABEL_VALUE_BYTES = 1024,
    MESSAGE_TEXT_BYTES = 1024, /* any other text in a message */
    MESSAGE_STOP_STEPS = 16,
    MESSAGE_RLIMITS = 16,           /* as many as Linux has */
    MESSAGE_TERMINAL_CELLS = 65535, /* rows or columns */
    MESSAGE_TERM_BYTES = 128,       /* of its name */
    MESSAGE_SIGNAL = 64,
    MESSAGE_FOLLOWERS = 64 /* told one by one */
};

/* Numbers of the fields in Request.call and Reply.result. */
enum method {
    METHOD_NONE = 0,
    METHOD_OPEN = 16,
    METHOD_CLOSE = 17,
    METHOD_RENEW = 18,
    METHOD_START = 19,
    METHOD_RUN = 20,
    METHOD_FOLLOW = 21,
    METHOD_UNFOLLOW = 22,
    METHOD_PULL = 23,
    METHOD_READ = 24,
    METHOD_WRITE = 25,
    METHOD_SIGNAL = 26,
    METHOD_RESIZE = 27,
    METHOD_TERMINATE = 28,
    METHOD_WAIT = 29,
    METHOD_INSPECT = 30,
    METHOD_LIST = 31,
    METHOD_SEAL = 32,
    METHOD_FORGET = 33,
};

/* "start", "pull", ...: as in the .proto; "?" for a number that is none.
 * Static. */
const char *message_method_name(enum method method);

/* A 128-bit random name. */
struct message_id {
    uint8_t bytes[MESSAGE_ID_BYTES];
};

enum role { ROLE_RUN = 1, ROLE_OBSERVE = 2, ROLE_ADMIN = 3 };

enum write_outcome {
    WRITE_ACCEPTED = 1,
    WRITE_STDIN_CLOSED = 2,
    WRITE_EXITED = 3,
};

enum signal_target {
    SIGNAL_LEADER = 1,
    SIGNAL_GROUP = 2,
    SIGNAL_TREE = 3,
};

enum signal_outcome { SIGNAL_DELIVERED = 1, SIGNAL_EXITED = 2 };

enum follow_from {
    FOLLOW_FROM_CURSOR = 0,
    FOLLOW_FROM_SEQ = 1,
    FOLLOW_FROM_LIVE = 2,
};

struct follow_spec {
    struct remex_bytes process_id;
    uint64_t follow_id;
    uint64_t after_seq;
    uint64_t until_position;
    uint64_t after_position;
    enum follow_from from;
    bool exclusive;
    bool take_over;
};

struct follow_place {
    uint64_t seq;
    uint64_t offsets[REMEX_STREAMS]; /* index: enum remex_stream - 1 */
    bool exited;
    bool closed;
};

struct follow_state {
    uint64_t follow_id;
    bool known;
    uint64_t last_seq;
    bool has_exited;
    struct remex_exit exited;
    bool has_place;
    struct follow_place place;
    bool displaced;
    bool no_room;
};

struct message_limits {
    uint64_t request_bytes;
    uint64_t reply_bytes;
    uint64_t argument_bytes;
    uint64_t argument_count;
    uint64_t sessions;
    uint64_t processes;
    uint64_t retained_bytes;
    uint64_t stdin_bytes;
    uint64_t parked;
    uint64_t park_ms;
    uint64_t window_bytes;
    uint64_t follows;
    uint64_t lease_ms;
    uint64_t retained_events;
    uint64_t retention_ms;
    uint64_t starts_per_second;
    uint64_t starts_burst;
    uint64_t wall_time_ms;
    uint64_t sessions_in_all;
    uint64_t processes_in_all;
    uint64_t retained_bytes_in_all;
    uint64_t retained_bytes_per_principal;
    uint64_t stdin_bytes_per_principal;
    struct tree_limits tree;
};

struct resume {
    struct message_id session_id;
    struct message_id boot_id;
    uint64_t attachment;
    bool take_over;
    const struct follow_spec *follows;
    size_t follow_count;
};

struct open_request {
    struct remex_bytes client_name;
    uint32_t min_version;
    uint32_t max_version;
    struct remex_bytes token;
    uint32_t lease_ms;
    const struct resume *resume; /* NULL: a new session */
};

struct open_reply {
    uint32_t version;
    struct message_id session_id;
    uint64_t attachment;
    uint32_t lease_ms;
    struct remex_bytes principal;
    enum role role;
    struct message_limits limits;
    const struct remex_bytes *capabilities;
    size_t capability_count;
    struct remex_bytes hint_address;
    uint8_t hint_topic[MESSAGE_TOPIC_BYTES];
    uint32_t heartbeat_ms;
    struct remex_bytes executor_version;
    const struct follow_state *follows;
    size_t follow_count;
};

struct start_request {
    struct process_spec process;
    const struct follow_spec *follow; /* NULL: not followed */
};

struct start_reply {
    int64_t pid;
};

struct run_request {
    struct process_spec process;
    uint64_t max_output_bytes;
};

struct follow_request {
    struct follow_spec follow;
};

struct follow_reply {
    struct follow_state state;
};

struct unfollow_request {
    uint64_t follow_id;
};

struct pull_ack {
    uint64_t follow_id;
    uint64_t consumed_seq;
    uint64_t until_position;
    bool let_go;
};

struct pull_request {
    const struct pull_ack *acks;
    size_t ack_count;
    uint32_t wait_ms;
    uint32_t max_bytes;
    bool heads;
};

struct batch_event {
    uint64_t follow_id; /* 0 in Read and Run */
    struct remex_event event;
};

/* To be encoded: the outputs' bytes are the sender's to append, in order, after
 * the encoded head. Decoded: they lie in the payload. */
struct batch {
    const struct batch_event *events;
    size_t count;
};

/* Empty, or all there is to tell, with Closed at its end. */
struct run_reply {
    struct batch batch;
};

struct pull_reply {
    struct batch batch;
    const struct follow_state *states;
    size_t state_count;
};

struct read_request {
    struct remex_bytes process_id;
    uint64_t after_seq;
    uint32_t max_bytes;
    uint32_t wait_ms;
    uint64_t after_position;
};

struct read_reply {
    struct batch batch;
    uint64_t first_seq;
    uint64_t next_seq;
    bool exited;
    bool closed;
};

struct write_request {
    struct remex_bytes process_id;
    uint64_t offset;
    bool eof;
    uint32_t wait_ms;
};

struct write_reply {
    enum write_outcome outcome;
    uint64_t next_offset;
    uint64_t room;
    bool eof;
};

struct signal_request {
    struct remex_bytes process_id;
    uint32_t signal;
    enum signal_target target;
    uint64_t number;
};

struct signal_reply {
    enum signal_outcome outcome;
};

struct terminate_request {
    struct remex_bytes process_id;
    const struct stop_step *plan;
    size_t plan_count;
    bool default_plan;
};

struct terminate_reply {
    bool running;
};

struct resize_request {
    struct remex_bytes process_id;
    uint32_t rows;
    uint32_t columns;
};

struct wait_request {
    struct remex_bytes process_id;
    enum process_state until;
    uint32_t wait_ms;
};

struct wait_reply {
    struct process_ending ending;
};

struct inspect_request {
    struct remex_bytes process_id;
};

struct inspect_reply {
    struct process_status process;
    const struct follower_status *followers;
    size_t follower_count;
};

struct list_request {
    struct remex_bytes after_process_id; /* empty: from the first */
    struct remex_bytes after_principal;  /* empty: after all of that id */
    uint32_t max_count;
    bool everybody;
    const struct label *labels;
    size_t label_count;
};

struct list_reply {
    const struct process_status *processes;
    size_t count;
    bool more;
};

struct seal_request {
    struct remex_bytes process_id;
    enum remex_stream streams[REMEX_STREAMS];
    size_t stream_count; /* 0: all */
};

struct forget_request {
    struct remex_bytes process_id;
};

struct request {
    uint32_t version;
    struct message_id session_id; /* all zero in Open */
    struct message_id boot_id;
    uint64_t attachment;
    uint32_t deadline_ms;
    enum method method; /* one without a member here: carried by number alone */
    union {
        struct open_request open;
        struct start_request start;
        struct follow_request follow;
        struct unfollow_request unfollow;
        struct pull_request pull;
        struct read_request read;
        struct write_request write;
        struct signal_request signal;
        struct terminate_request terminate;
        struct run_request run;
        struct resize_request resize;
        struct wait_request wait;
        struct inspect_request inspect;
        struct list_request list;
        struct seal_request seal;
        struct forget_request forget;
    };
    struct remex_bytes payload;
};

struct reply {
    uint32_t version;
    struct message_id boot_id;
    struct remex_error error; /* status REMEX_OK: `method`'s member is set */
    enum method method;       /* METHOD_NONE if the status is not REMEX_OK */
    union {
        struct open_reply open;
        struct start_reply start;
        struct follow_reply follow;
        struct pull_reply pull;
        struct read_reply read;
        struct write_reply write;
        struct signal_reply signal;
        struct terminate_reply terminate;
        struct run_reply run;
        struct wait_reply wait;
        struct inspect_reply inspect;
        struct list_reply list;
    };
    struct remex_bytes payload;
};

struct hint {
    uint8_t topic[MESSAGE_TOPIC_BYTES];
    struct message_id boot_id;
    uint64_t beat;
    uint64_t news;
};

#endif
