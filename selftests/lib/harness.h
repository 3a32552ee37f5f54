/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's test harness, with a skip that hides no failure (in v6.1 a SKIP makes
 * good whatever a test found before it), and with time enough: a test that is not
 * about time ends when it is done, on a sanitizer kernel under emulation on a busy
 * machine too. Only what hangs is ended.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include "kselftest_harness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#define SKIP_BY(statement, ...) do { \
	if (_metadata->passed) \
		SKIP(statement, __VA_ARGS__); \
	TH_LOG("failed before it could be skipped"); \
	return; \
} while (0)

/* Ends a test that cannot do what the reason says. */
#define SKIP_TEST(...)	SKIP_BY(return, __VA_ARGS__)
/* After a mere return from FIXTURE_SETUP the test would run; 255 means skipped. */
#define SKIP_SETUP(...)	SKIP_BY(_exit(255), __VA_ARGS__)

#endif
