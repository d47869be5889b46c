/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/lanes.h"

#include <assert.h>
#include <stdlib.h>

bool lanes_init(struct lanes *lanes, size_t spans)
{
    *lanes = (struct lanes){ .room = spans };
    lanes->ends = calloc(spans > 0 ? spans : 1, sizeof(*lanes->ends));
    return lanes->ends != NULL;
}

void lanes_deinit(struct lanes *lanes)
{
    free(lanes->ends);
}

size_t lanes_place(struct lanes *lanes, int64_t start, int64_t end)
{
    size_t lane = 0;

    while (lane < lanes->count && lanes->ends[lane] > start)
        lane++;
    assert(lane < lanes->room);
    if (lane == lanes->count)
        lanes->count++;
    lanes->ends[lane] = end;
    return lane;
}
