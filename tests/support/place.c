/* SPDX-License-Identifier: Apache-2.0 */
#include "support/place.h"

#include "support/secret.h"

#define TOKEN "the token of this place"

static char *in(const struct place *place, const char *name)
{
    return g_build_filename(place->pki, name, NULL);
}

static void start_tls(struct place *place)
{
    place->pki = secret_pki();
    daemon_start_tls(&place->daemon, place->pki);
    place->proof = (struct sp_peer_proof){ .pki = place->pki, .name = "alice" };
    place->options.tls_authority = place->files[0] = in(place, "authority.pem");
    place->options.tls_certificate = place->files[1] = in(place, "alice.pem");
    place->options.tls_key = place->files[2] = in(place, "alice.key");
}

void place_init(struct place *place, enum place_kind kind)
{
    *place = (struct place){ .options = REMEX_DEFAULTS(remex_client_options) };
    if (kind == PLACE_TLS) {
        start_tls(place);
    } else if (kind == PLACE_TCP) {
        daemon_start_tcp(&place->daemon, TOKEN);
        place->options.token = TOKEN;
    } else {
        daemon_start(&place->daemon);
    }
}

void place_deinit(struct place *place)
{
    daemon_stop(&place->daemon);
    for (size_t i = 0; i < G_N_ELEMENTS(place->files); i++)
        g_free(place->files[i]);
    if (place->pki)
        secret_free(place->pki);
}

struct remex_client *place_connect(const struct place *place)
{
    struct remex_client *client;
    struct remex_error error;

    if (remex_client_connect(place->daemon.address, &place->options, &client,
                &error) != REMEX_OK)
        g_error("%s: %s", place->daemon.address, error.text);
    return client;
}

struct reply place_open(const struct place *place, struct raw *raw)
{
    const char *token = place->options.token;

    raw_init_tls(raw, place->daemon.address, &place->proof);
    return raw_open_with(raw, token ? token : "");
}
