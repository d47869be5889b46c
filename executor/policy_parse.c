/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/policy_parse.h"

#include <string.h>

#include "executor/words.h"

/* Of a text of POLICY_MAX_BYTES that has nothing but short lines. */
#define ARENA_BYTES ((size_t)32 * 1024 * 1024)

enum { MAX_WORDS = 1024 }; /* in a line */

struct parser {
    struct policy *policy;
    const char *at;
    const char *end;
    unsigned int line;
    char *words[MAX_WORDS]; /* of the line */
    size_t count;
    struct policy_section *section; /* NULL: before the first */
    /* Where the next of each list goes. */
    struct policy_section **next_section;
    struct policy_rule **next_rule;
    struct policy_variable **next_variable;
    struct policy_limit **next_limit;
};

static const char no_memory[] = "there is no memory for it";

static void *alloc(struct parser *parser, size_t size)
{
    return arena_alloc(&parser->policy->arena, size);
}

/* --- Words --------------------------------------------------------------- */

static const char *add_word(
        struct parser *parser, const char *text, size_t size)
{
    char *copy;

    if (parser->count == MAX_WORDS)
        return "it has more than 1024 words";
    copy = alloc(parser, size + 1); /* zeroed */
    if (!copy)
        return no_memory;
    memcpy(copy, text, size);
    parser->words[parser->count++] = copy;
    return NULL;
}

/* One line, whose words are then in `words`; moves on to the next. */
static const char *split_line(struct parser *parser)
{
    const char *end = words_line_end(parser->at, parser->end);
    const char *problem = NULL;
    struct word word;

    parser->count = 0;
    do {
        problem = words_next(&parser->at, end, &word);
        if (!problem && word.text)
            problem = add_word(parser, word.text, word.size);
    } while (!problem && word.text);
    parser->at = end < parser->end ? end + 1 : end;
    return problem;
}

/* The words from `first` on. */
static const char *keep_words(
        struct parser *parser, size_t first, struct policy_words *out)
{
    size_t count = parser->count - first;

    out->words = alloc(parser, (count + 1) * sizeof(char *));
    if (!out->words)
        return no_memory;
    memcpy(out->words, parser->words + first, count * sizeof(char *));
    out->count = count;
    return NULL;
}

static bool has_wildcard(const char *text)
{
    return strpbrk(text, "*?[\\") != NULL;
}

static bool begins_with(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* --- Lines --------------------------------------------------------------- */

static const char *check_principal(const char *text)
{
    static const char *const kinds[] = { "uid:", "cert:", "token:" };

    if (strcmp(text, "*") == 0)
        return NULL;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (begins_with(text, kinds[i]) && text[strlen(kinds[i])])
            return NULL;
    return "a principal is uid:N, cert:NAME, token:NAME, a pattern of one "
           "kind, or *";
}

static const char *take_for(struct parser *parser)
{
    struct policy_section *section = alloc(parser, sizeof(*section));

    if (!section)
        return no_memory;
    if (parser->count < 2)
        return "it says for nobody";
    for (size_t i = 1; i < parser->count; i++) {
        const char *problem = check_principal(parser->words[i]);

        if (problem)
            return problem;
    }
    section->line = parser->line;
    *parser->next_section = section;
    parser->next_section = &section->next;
    parser->section = section;
    parser->next_rule = &section->rules;
    parser->next_variable = &section->variables;
    parser->next_limit = &section->limits;
    return keep_words(parser, 1, &section->principals);
}

static bool has_component(const char *path, const char *name)
{
    size_t size = strlen(name);

    while ((path = strchr(path, '/'))) {
        path++;
        if (strncmp(path, name, size) == 0 &&
                (path[size] == '/' || path[size] == '\0'))
            return true;
    }
    return false;
}

/* What is allowed without a word of arguments is allowed without any, what is
 * denied is denied with whatever. */
static const char *keep_arguments(
        struct parser *parser, struct policy_rule *rule)
{
    if (!rule->allows && parser->count == 2) {
        const char *problem =
                add_word(parser, POLICY_REST, strlen(POLICY_REST));

        if (problem)
            return problem;
    }
    return keep_words(parser, 2, &rule->arguments);
}

static const char *take_rule(struct parser *parser)
{
    struct policy_rule *rule = alloc(parser, sizeof(*rule));

    if (!rule)
        return no_memory;
    if (parser->count < 2 || parser->words[1][0] != '/')
        return "a program is an absolute path, or a pattern of some";
    if (has_component(parser->words[1], "") ||
            has_component(parser->words[1], ".") ||
            has_component(parser->words[1], ".."))
        return "a program's path has no empty parts, '.' or '..'";
    rule->allows = parser->words[0][0] == 'a';
    rule->program = parser->words[1];
    rule->is_pattern = has_wildcard(rule->program);
    *parser->next_rule = rule;
    parser->next_rule = &rule->next;
    return keep_arguments(parser, rule);
}

static const char *take_environment(struct parser *parser)
{
    bool allows = parser->count > 1 && strcmp(parser->words[1], "allow") == 0;
    bool denies = parser->count > 1 && strcmp(parser->words[1], "deny") == 0;

    if ((!allows && !denies) || parser->count < 3)
        return "it is 'env allow NAME...' or 'env deny NAME...'";
    for (size_t i = 2; i < parser->count; i++) {
        struct policy_variable *variable = alloc(parser, sizeof(*variable));

        if (!variable)
            return no_memory;
        if (strchr(parser->words[i], '=') || !parser->words[i][0])
            return "the name of a variable has no '='";
        variable->allows = allows;
        variable->name = parser->words[i];
        *parser->next_variable = variable;
        parser->next_variable = &variable->next;
    }
    return NULL;
}

static const char *take_limits(struct parser *parser)
{
    if (parser->count < 2)
        return "it is 'limit NAME=VALUE...'";
    for (size_t i = 1; i < parser->count; i++) {
        struct policy_limit *limit = alloc(parser, sizeof(*limit));
        const char *problem;

        if (!limit)
            return no_memory;
        problem = limits_parse(parser->words[i], &limit->word);
        if (problem)
            return problem;
        if (!limits_is_of_principal(&limit->word))
            return "that limit is of the executor, not of a principal; see "
                   "--limit in remexd(8)";
        *parser->next_limit = limit;
        parser->next_limit = &limit->next;
    }
    return NULL;
}

/* Who that is, and whether it can be, is not known here. */
static const char *take_user(struct parser *parser)
{
    if (parser->section->user)
        return "there is a user for these principals already";
    if (parser->count != 2)
        return "it is 'user USER' or 'user USER:GROUP'";
    parser->section->user = parser->words[1];
    return NULL;
}

static const char *take_line(struct parser *parser)
{
    static const struct {
        const char *name;
        const char *(*take)(struct parser *parser);
    } lines[] = {
        { "allow", take_rule },
        { "deny", take_rule },
        { "env", take_environment },
        { "limit", take_limits },
        { "user", take_user },
    };

    if (strcmp(parser->words[0], "for") == 0)
        return take_for(parser);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (strcmp(parser->words[0], lines[i].name) != 0)
            continue;
        if (!parser->section)
            return "a line 'for PRINCIPAL...' must come first";
        return lines[i].take(parser);
    }
    return "a line begins with for, allow, deny, env, limit or user";
}

/* --- All of it ----------------------------------------------------------- */

static const char *parse(struct parser *parser)
{
    size_t size = (size_t)(parser->end - parser->at);

    if (size > POLICY_MAX_BYTES)
        return "it is larger than 256 KiB";
    if (memchr(parser->at, '\0', size))
        return "it is no text: there is a NUL";
    while (parser->at < parser->end) {
        const char *problem;

        parser->line++;
        problem = split_line(parser);
        if (!problem && parser->count > 0)
            problem = take_line(parser);
        if (problem)
            return problem;
    }
    parser->line = 0;
    return parser->section ? NULL : "there is no line 'for PRINCIPAL...'";
}

bool policy_parse(const char *text, size_t size, struct policy *out,
        struct policy_mistake *mistake)
{
    struct parser parser = { .policy = out,
        .at = text,
        .end = text + size,
        .next_section = &out->sections };
    const char *problem;

    *out = (struct policy){ .sections = NULL };
    arena_init(&out->arena, ARENA_BYTES);
    problem = parse(&parser);
    if (!problem)
        return true;
    *mistake = (struct policy_mistake){ parser.line, problem,
        problem == no_memory ? REMEX_NO_MEMORY : REMEX_INVALID_ARGUMENT };
    policy_deinit(out);
    return false;
}
