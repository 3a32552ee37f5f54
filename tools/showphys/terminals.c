// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two terminals of the document. To the second the first instance is an actor
 * like its own: the connection between them takes orders.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/errors.h"
#include "chapters.h"
#include "document.h"
#include "meeting.h"

/* Orders to the first terminal, beside those it passes on to its instance. */
#define TERMINAL_STEP 1000	/* the second instance has taken step value */
#define TERMINAL_DONE 1001	/* all of them */

/* What the second may have the first instance do: be looked at, not written to. */
static int64_t pass_on(struct instance *first, const struct order *order)
{
	switch (order->what) {
	case INSTANCE_WHERE:
	case INSTANCE_READ:
	case INSTANCE_CALL:
		return actor_ask(&first->actor, order->what, order->address, order->value);
	default:
		return -EPERM;
	}
}

/* What becomes of one order: a status. */
static int serve_one(struct story *story, struct instance *first, int connection,
		     const struct order *order)
{
	int64_t answer = 0;
	int status = STATUS_DONE;

	if (order->what == TERMINAL_STEP && order->value > STEP_FIRST && order->value < STEPS) {
		status = document_first_again(story, order->value, first);
		fflush(stdout);
	} else if (order->what != TERMINAL_DONE) {
		answer = pass_on(first, order);
	}
	if (!status)
		send(connection, &answer, sizeof(answer), MSG_NOSIGNAL);
	return status;
}

/* Serves the second instance to its end: a status. */
static int serve(struct story *story, struct instance *first, int connection)
{
	struct order order;

	while (recv(connection, &order, sizeof(order), 0) == sizeof(order)) {
		int status = serve_one(story, first, connection, &order);

		if (status || order.what == TERMINAL_DONE)
			return status;
	}
	return refuse("the second instance has gone before the end");
}

/* Tells it until the second instance has come and gone; closes @meeting. */
static int tell_first(struct story *story, struct instance *first, const struct files *files,
		      int meeting)
{
	int connection, status = document_first(story, first);

	if (status) {
		close(meeting);
		return status;
	}
	story_say(story, "Now run another copy of showphys: showphys --second");
	fflush(stdout);
	connection = meeting_await(meeting, files, first->actor.pid);
	/* whoever comes now is told that nobody waits */
	close(meeting);
	if (connection < 0)
		return fail("the second instance", connection);
	status = serve(story, first, connection);
	close(connection);
	return status;
}

static int refuse_place(void)
{
	return refuse("another user has the place to meet, @showphys-%u", geteuid());
}

int first_tell(struct story *story, const struct files *files)
{
	int meeting = meeting_open(), status;
	struct instance first;

	if (meeting == -EPERM)
		return refuse_place();
	if (meeting == -EEXIST)
		return refuse("there is a first instance already (run showphys --second)");
	if (meeting < 0)
		return fail("the place to meet", meeting);
	/* the second instance says when to go on */
	story->waits = false;
	instance_start(&first, "first", files);
	status = tell_first(story, &first, files, meeting);
	instance_end(&first);
	return status;
}

static int tell_second(struct story *story, struct instance *first, struct instance *second)
{
	for (enum step step = STEP_OTHER_BASE; step < STEPS; step++) {
		int status = document_second(story, step, first, second);

		if (status)
			return status;
		instance_ask(first, TERMINAL_STEP, 0, step);
	}
	story_step_end(story);
	instance_ask(first, TERMINAL_DONE, 0, 0);
	return instance_status(first);
}

int second_tell(struct story *story)
{
	struct instance first = { .name = "first" }, second;
	struct files files;
	int status, connection = meeting_join(&files, &first.actor.pid);

	if (connection == -ECONNREFUSED)
		return refuse("there is no first instance that waits (run showphys --first)");
	if (connection == -EPERM)
		return refuse_place();
	if (connection < 0)
		return fail("the first instance", connection);
	first.actor.socket = connection;
	story->waits = story->options.style == OUTPUT_HUMAN;
	story->partner = connection;
	instance_touch(&first);
	instance_start(&second, "second", &files);
	status = tell_second(story, &first, &second);
	if (first.err == -ESRCH)
		status = refuse("the first instance has gone before the end");
	instance_end(&second);
	close(connection);
	files_close(&files);
	return status;
}
