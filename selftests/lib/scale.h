/* SPDX-License-Identifier: GPL-2.0-only */
/* The one knob of the long tests: the environment's SCALE multiplies what they do. */
#ifndef SCALE_H
#define SCALE_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static inline int scaled(int amount)
{
	const char *scale = getenv("SCALE");
	double result = scale ? amount * atof(scale) : amount;

	return result < 1 ? 1 : result;
}

/* @amount milliseconds scaled, in a test that is ended after @timeout seconds: half at most. */
static inline uint64_t scaled_time(int amount, int timeout)
{
	uint64_t time = scaled(amount), most = timeout * 500ULL;

	return time < most ? time : most;
}

/* Milliseconds since some moment. */
static inline uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

#endif
