/* SPDX-License-Identifier: Apache-2.0 */
#include "support/shown.h"

#include <glib.h>

void shown_init(struct shown *shown, const char *pki, const char *certificate,
        const char *key)
{
    *shown = (struct shown){ .options = REMEX_DEFAULTS(remex_client_options) };
    if (!pki)
        return;
    shown->authority = g_build_filename(pki, "authority.pem", NULL);
    shown->certificate = g_strdup_printf("%s/%s.pem", pki, certificate);
    shown->key = g_strdup_printf("%s/%s.key", pki, key);
    shown->options.tls_authority = shown->authority;
    shown->options.tls_certificate = shown->certificate;
    shown->options.tls_key = shown->key;
}

void shown_deinit(struct shown *shown)
{
    g_free(shown->authority);
    g_free(shown->certificate);
    g_free(shown->key);
}
