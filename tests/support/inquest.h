/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_INQUEST_H
#define SUPPORT_INQUEST_H

/* For whoever wants to know afterwards why a test has waited in vain. */

/* Tells on stderr of this process and of all below it what the kernel knows:
 * state, signals, where it waits and what it has open. */
void inquest(void);

#endif
