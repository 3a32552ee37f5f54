/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How two instances of one user find each other: on a socket without a file, whose
 * name goes with the first instance.
 */
#ifndef SHOWPHYS_MEETING_H
#define SHOWPHYS_MEETING_H

#include "instance.h"

/*
 * The first instance's: a socket at which a second one is awaited, or a negative errno:
 * -EEXIST if this user's first instance waits there already, -EPERM if another user
 * has the place.
 */
int meeting_open(void);

/*
 * Waits for a second instance, of the same user, and gives it @files and the id of
 * @first. Returns the connection, or a negative errno.
 */
int meeting_await(int meeting, const struct files *files, pid_t first);

/*
 * The second instance's: gets all that from the first one. Returns the connection;
 * -ECONNREFUSED if there is no first one, -EPERM if it is another user's.
 */
int meeting_join(struct files *files, pid_t *first);

#endif
