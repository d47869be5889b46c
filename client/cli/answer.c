/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/answer.h"

const struct option_spec answer_specs[] = {
    OPTION_FLAG(0, "json", "as one JSON object", struct answer_options, json),
    OPTIONS_END,
};
