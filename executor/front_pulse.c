/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front_pulse.h"

#include <stdlib.h>

#include "common/clock.h"
#include "executor/list.h"

/* Set for as long as the pulse lives, to never if need be: that cannot fail. */
static void wait_for(struct front_pulse *pulse, int64_t delay)
{
    int64_t at = clock_after(loop_now(pulse->loop), delay);

    if (loop_timer_set(pulse->loop, &pulse->silence, at) != REMEX_OK)
        abort();
}

/* If this process itself stood still, the answer may lie in the link already:
 * one more chance to read it. */
static void on_silence(struct loop_timer *timer)
{
    struct front_pulse *pulse =
            CONTAINER_OF(timer, struct front_pulse, silence);
    int64_t quiet = loop_now(pulse->loop) - pulse->heard_at;
    int64_t patience = clock_from_ms(FRONT_PULSE_SILENCE_MS);

    if (pulse->beats && quiet < patience) {
        pulse->suspect = false;
        wait_for(pulse, patience - quiet);
    } else if (pulse->beats && !pulse->suspect) {
        pulse->suspect = true;
        wait_for(pulse, clock_from_ms(FRONT_PULSE_GRACE_MS));
    } else {
        wait_for(pulse, CLOCK_NEVER);
        pulse->stopped(pulse);
    }
}

enum remex_status front_pulse_init(struct front_pulse *pulse, struct loop *loop,
        void (*stopped)(struct front_pulse *pulse))
{
    pulse->loop = loop;
    pulse->stopped = stopped;
    pulse->silence.due = on_silence;
    return loop_timer_set(loop, &pulse->silence, CLOCK_NEVER);
}

void front_pulse_deinit(struct front_pulse *pulse)
{
    if (pulse->loop)
        loop_timer_cancel(pulse->loop, &pulse->silence);
}

void front_pulse_start(struct front_pulse *pulse)
{
    pulse->asked = pulse->answered = 0;
    pulse->beats = false;
    pulse->suspect = false;
    wait_for(pulse, clock_from_ms(FRONT_PULSE_START_MS));
}

void front_pulse_listens(struct front_pulse *pulse)
{
    pulse->beats = true;
    wait_for(pulse, CLOCK_NEVER);
}

void front_pulse_end(struct front_pulse *pulse)
{
    pulse->beats = false;
    wait_for(pulse, CLOCK_NEVER);
}

void front_pulse_ask(struct front_pulse *pulse, uint64_t beat)
{
    if (pulse->answered == pulse->asked)
        wait_for(pulse, clock_from_ms(FRONT_PULSE_SILENCE_MS));
    pulse->asked = beat;
}

bool front_pulse_answer(struct front_pulse *pulse, uint64_t beat)
{
    if (beat > pulse->asked || beat < pulse->answered)
        return false;
    pulse->answered = beat;
    pulse->suspect = false;
    wait_for(pulse,
            pulse->answered == pulse->asked
                    ? CLOCK_NEVER
                    : clock_from_ms(FRONT_PULSE_SILENCE_MS));
    return true;
}

void front_pulse_hear(struct front_pulse *pulse)
{
    pulse->heard_at = loop_now(pulse->loop);
}
