/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROXY_SOCKET_H
#define SUPPORT_PROXY_SOCKET_H

/*
 * Inside support/proxy: its sockets, ipc and tcp.
 */

#include "common/address.h"

/* Listens; port 0 becomes the port it is. */
int proxy_socket_listen(struct address *address);

/* Sets `*fd` to -1. */
void proxy_socket_close_listener(const struct address *address, int *fd);

/* -1: there is none. */
int proxy_socket_accept(int listener);

/* -1: it cannot be reached. */
int proxy_socket_connect(const struct address *address);

/* Its close will be an error for the other side, where there is such a thing.
 */
void proxy_socket_make_abrupt(int fd);

#endif
