// The callback lives in C because HiGHS asks after every simplex iteration whether to go on: a load of
// an atomic answers, and Go is entered only for an event that somebody waits for.

#include "control.h"

#include <string.h>
#include <time.h>

#include "_cgo_export.h"

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void callback(int type, const char *message, const HighsCallbackDataOut *out,
                     HighsCallbackDataIn *in, void *data) {
	Control *c = data;
	switch (type) {
	case 0: // logging: keep the last warning (4) or error (5), which explains a failed call
		if (out != NULL && out->log_type >= 4) {
			strncpy(c->message, message, sizeof c->message - 1);
		}
		break;
	case 4: // improving MIP solution
		if (c->events != 0) {
			highsImproving(c->events, out->objective_function_value, out->mip_solution,
			               out->mip_solution_size);
		}
		break;
	case 1: // simplex, IPM and MIP ask whether to stop
	case 2:
	case 6:
		// Written both ways: HiGHS keeps the last answer, on into the instance's next run.
		in->user_interrupt = atomic_load(&c->cancel) != 0;
		if (!in->user_interrupt && c->events != 0) {
			double t = now();
			if (t >= c->next) {
				c->next = t + c->interval;
				highsProgress(c->events, type, (HighsCallbackDataOut *)out);
			}
		}
		break;
	}
}

void *control_new_instance(Control *c) {
	void *h = Highs_create();
	if (h == NULL || Highs_setCallback(h, callback, c) == -1) {
		return NULL;
	}
	Highs_startCallback(h, 0);
	Highs_startCallback(h, 1);
	Highs_startCallback(h, 2);
	Highs_startCallback(h, 4);
	Highs_startCallback(h, 6);
	return h;
}

void control_cancel(Control *c, int wish) { atomic_store(&c->cancel, wish); }
