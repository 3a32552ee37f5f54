/* SPDX-License-Identifier: GPL-2.0-only */
/* Stops the processes of an experiment at the orders they get. */
#ifndef ORDERS_H
#define ORDERS_H

#include <stdbool.h>
#include <sys/types.h>

/* Lets @pid, which is traced, go on until it has got the order @what; false if it ends before. */
bool orders_wait_for(pid_t pid, int what);

/* The same, until it has got @count orders: then it is killed. */
bool orders_kill_at(pid_t pid, int count);

#endif
