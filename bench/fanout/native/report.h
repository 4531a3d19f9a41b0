/* What a run of ticks came to, as one line of JSON. */
#ifndef REPORT_H
#define REPORT_H

#include "member.h"

enum { MAX_TICKS = 1 << 20, MAX_SAMPLES = 1 << 22 };

static pid_t server_pid;
static long ordered, answered, told_seq, first_seq, made_ns;
static long *stamps; /* ns of each tick since first_seq */
static struct sample {
  long seq, at;
} *samples; /* every event's arrival at an active member, while sampling */
static size_t sample_count;
static int sampling;
static struct member *silent;
static int silent_count;

/* How many of the silent members the server has let go: they do not hear it. */
static long let_go(void) {
  struct tcp_info info;
  long count = 0;
  for (int i = 0; i < silent_count; i++) {
    socklen_t size = sizeof info;
    if (getsockopt(silent[i].fd, IPPROTO_TCP, TCP_INFO, &info, &size) ||
        info.tcpi_state != TCP_ESTABLISHED)
      count++;
  }
  return count;
}

static int by_size(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* What one run is counted from. */
struct mark {
  long at, server, client, messages, bytes, made, ticks, ended;
};

static struct mark mark(void) {
  return (struct mark){.at = now_ns(CLOCK_MONOTONIC),
                       .server = cpu_ns(server_pid),
                       .client = cpu_ns(getpid()),
                       .messages = tally[ACTIVE].messages,
                       .bytes = tally[ACTIVE].bytes,
                       .made = made_ns,
                       .ticks = ordered,
                       .ended = tally[ACTIVE].ended + let_go()};
}

static void report(struct mark began, struct mark ended, int complete) {
  double *late = malloc(sizeof *late * (sample_count + 1));
  size_t count = 0;
  for (size_t i = 0; i < sample_count; i++) {
    long place = samples[i].seq - first_seq;
    if (place < 0 || place >= MAX_TICKS || !stamps[place]) continue;
    late[count++] = (samples[i].at - stamps[place]) / 1e6;
  }
  qsort(late, count, sizeof *late, by_size);
  double p50 = -1, p99 = -1, max = -1; /* none */
  if (count) p50 = late[count / 2], p99 = late[count * 99 / 100], max = late[count - 1];
  free(late);
  printf("{\"complete\": %s, \"members\": %d, \"ticks\": %ld, \"messages\": %ld, "
         "\"bytes\": %ld, \"seconds\": %.6f, \"server_cpu_s\": %.6f, "
         "\"client_cpu_s\": %.6f, \"made_cpu_s\": %.6f, \"ended\": %ld, "
         "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
         complete ? "true" : "false", tally[ACTIVE].told, ended.ticks - began.ticks,
         ended.messages - began.messages, ended.bytes - began.bytes,
         (ended.at - began.at) / 1e9, (ended.server - began.server) / 1e9,
         (ended.client - began.client) / 1e9, (ended.made - began.made) / 1e9,
         ended.ended - began.ended, p50, p99, max);
}

#endif
