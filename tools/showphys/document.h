/* SPDX-License-Identifier: GPL-2.0-only */
/* The document's experiment, step by step, whoever runs the instances. */
#ifndef SHOWPHYS_DOCUMENT_H
#define SHOWPHYS_DOCUMENT_H

#include "instance.h"

enum step {
	STEP_FIRST,		/* of the first instance */
	STEP_OTHER_BASE,	/* these of the second one */
	STEP_SAME_BASE,
	STEP_WRITABLE,
	STEP_WRITTEN,
	STEPS,
};

/* The first instance, which has been started, loads the library. A status. */
int document_first(struct story *story, struct instance *first);

/* The second one, which has been started, takes @step, and both are shown. A status. */
int document_second(struct story *story, enum step step, struct instance *first,
		    struct instance *second);

/* The first one is shown once more, when the second one has taken @step. A status. */
int document_first_again(struct story *story, enum step step, struct instance *first);

#endif
