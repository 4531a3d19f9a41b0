/* Clocks in nanoseconds: the machine's monotonic one, and CPU time. */
#ifndef CLOCK_H
#define CLOCK_H

#include <time.h>
#include <unistd.h>

static inline long now_ns(clockid_t clock) {
  struct timespec at;
  if (clock_gettime(clock, &at)) return 0;
  return at.tv_sec * 1000000000L + at.tv_nsec;
}

/* CPU time of another process, all its threads, user and kernel. */
static inline long cpu_ns(pid_t pid) {
  clockid_t clock;
  return clock_getcpuclockid(pid, &clock) ? 0 : now_ns(clock);
}

#endif
