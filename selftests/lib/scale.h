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

/* Milliseconds since some moment. */
static inline uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

#endif
