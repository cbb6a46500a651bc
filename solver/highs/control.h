// Control is what a running solve shares with Go: the wish to stop, and where events go.
#ifndef LOTWISE_CONTROL_H
#define LOTWISE_CONTROL_H

#include <stdatomic.h>
#include <stdint.h>

#include "capi.h"

typedef struct {
	atomic_int cancel;     // nonzero: stop at the next opportunity
	uintptr_t events;      // cgo.Handle of the running solve's events, 0 for none
	double next, interval; // monotonic seconds: when the next progress event is due, time between two
	char message[1024];    // the last warning or error that HiGHS logged
} Control;

void *control_new_instance(Control *c);
void control_cancel(Control *c, int wish);

#endif
