// SPDX-License-Identifier: GPL-2.0-only
/* Leaves the handler of a signal to where the access was tried. */
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

#include "fault.h"

static sigjmp_buf fault;

static void on_fault(int number)
{
	siglongjmp(fault, number);
}

int fault_of(void (*act)(volatile char *address), volatile char *address)
{
	struct sigaction action = { .sa_handler = on_fault }, segv, bus;
	int number;

	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	number = sigsetjmp(fault, 1);
	if (!number)
		act(address);
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return number;
}

static void write_one(volatile char *address)
{
	*address = 'w';
}

int fault_of_write(volatile char *address)
{
	return fault_of(write_one, address);
}
