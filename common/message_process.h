/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_MESSAGE_PROCESS_H
#define COMMON_MESSAGE_PROCESS_H

/*
 * What messages say of a process: how to start it, and how it stands. Part of
 * common/message.h, which says whose the memory is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>

/* The least and the most of each of a tree's limits. Whoever runs out of memory
 * in the middle of exec takes along who shares it with him, the executor: so
 * that is to be more than the arguments and what the kernel needs. */
#define MESSAGE_MEMORY_LEAST (UINT64_C(4) << 20)
#define MESSAGE_MEMORY_MOST (UINT64_C(1) << 50)
#define MESSAGE_PIDS_LEAST UINT64_C(1)
#define MESSAGE_PIDS_MOST (UINT64_C(1) << 22) /* as many as Linux has */
#define MESSAGE_CPU_LEAST UINT64_C(10)
#define MESSAGE_CPU_MOST UINT64_C(10000000)

enum stdin_kind { STDIN_CLOSED = 1, STDIN_PIPE = 2 };
enum env_base { ENV_EMPTY = 1, ENV_EXECUTOR = 2 };
enum capture { CAPTURE_PIPE = 1, CAPTURE_DISCARD = 2 };
enum delivery { DELIVERY_LOSSY = 1, DELIVERY_RELIABLE = 2 };
enum no_follower { NO_FOLLOWER_DRAIN = 1, NO_FOLLOWER_HOLD = 2 };

enum retention {
    RETENTION_NONE = 1,
    RETENTION_BYTES = 2,
    RETENTION_CHUNKS = 3,
    RETENTION_ALL = 4,
};

enum owner_loss {
    OWNER_LOSS_KILL = 1,
    OWNER_LOSS_TERMINATE = 2,
    OWNER_LOSS_KEEP = 3,
};

enum process_state {
    PROCESS_RUNNING = 1,
    PROCESS_EXITED = 2, /* streams still open */
    PROCESS_CLOSED = 3,
};

struct stream_spec {
    enum capture capture;
    enum delivery delivery;
    enum no_follower no_follower;
    enum retention retention;
    uint64_t retention_amount;
    uint32_t chunk_bytes;
};

struct pty_spec {
    uint32_t rows;
    uint32_t columns;
    struct remex_bytes term;
};

struct rlimit_spec {
    uint32_t resource;
    uint64_t soft;
    uint64_t hard;
};

/* 0: none. */
struct tree_limits {
    uint64_t memory_bytes;
    uint64_t pids;
    uint64_t cpu_millis;
};

struct stop_step {
    uint32_t signal;
    uint32_t wait_ms;
};

struct label {
    struct remex_bytes name;
    struct remex_bytes value;
};

struct process_spec {
    struct remex_bytes process_id;
    const struct remex_bytes *argv;
    size_t argv_count;
    struct remex_bytes arg0;
    struct remex_bytes cwd;
    enum env_base env_base;
    const struct remex_bytes *env;
    size_t env_count;
    enum stdin_kind stdin_kind;
    const struct pty_spec *pty; /* NULL: pipes */
    struct stream_spec out;
    struct stream_spec err;
    uint64_t wall_time_ms;
    const struct rlimit_spec *rlimits;
    size_t rlimit_count;
    const struct stop_step *stop_plan;
    size_t stop_plan_count;
    enum owner_loss owner_loss;
    uint64_t keep_ms;
    bool has_eof_linger;
    uint64_t eof_linger_ms;
    const struct label *labels;
    size_t label_count;
    struct tree_limits tree_limits;
    /* Told by the envelope, as where the request belongs and not as what is
     * asked for; empty: none. */
    struct remex_bytes traceparent;
    /* Filled by decoding: the bytes of this message, for the request digest. */
    struct remex_bytes encoded;
};

/* How far a process has come, and how it ended. */
struct process_ending {
    enum process_state state;
    bool has_exited; /* from PROCESS_EXITED on */
    struct remex_exit exited;
    bool has_closed; /* from PROCESS_CLOSED on */
    size_t end_count;
    struct remex_stream_end ends[REMEX_STREAMS];
};

struct stream_status {
    enum remex_stream stream;
    struct stream_spec spec;
    uint64_t bytes_read;
    uint64_t retained_bytes;
    uint64_t retained_events;
    uint64_t dropped_bytes;
    uint64_t dropped_events;
    bool sealed;
    bool held;
    bool has_ended;
    struct remex_stream_end end;
};

struct follower_status {
    struct remex_bytes client_name;
    bool exclusive;
    bool connected;
    uint64_t sent_seq;
    uint64_t acknowledged_seq;
    uint64_t window_bytes;
    uint64_t lost_events;
    uint64_t lost_bytes[REMEX_STREAMS];
};

struct process_status {
    struct remex_bytes process_id;
    struct remex_bytes principal;
    int64_t pid;
    int64_t started_ns;
    const struct remex_bytes *argv;
    size_t argv_count;
    bool argv_cut;
    struct remex_bytes cwd;
    const struct label *labels;
    size_t label_count;
    uint64_t first_seq;
    uint64_t next_seq;
    struct stream_status streams[REMEX_STREAMS];
    size_t stream_count;
    uint64_t stdin_next_offset;
    uint64_t stdin_room;
    uint32_t followers;
    bool owned;
    enum owner_loss owner_loss;
    int64_t expires_ns;
    struct tree_limits tree_limits;
    struct process_ending ending;
};

#endif
