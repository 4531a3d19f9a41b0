/* The load client: many subscribers in one process, driven by lines on its input.

   client PORT ORDER_FD TOLD_FD SERVER_PID uuid|same

   ORDER_FD takes the order for a tick (a byte 't'); on TOLD_FD the server answers
   "T <tick> <monotonic ns> <CPU ns of making its event>". Commands, each answered by
   one line of JSON:
     open COUNT KIND FILE   dial; KIND: active, silent (reads its first event, then
                            nothing), idle; FILE: a subscribe payload per line, in turn
     saturate SECONDS       the next tick as soon as all active members have the last
     pace PER_SECOND SECONDS
     capture FILE           one tick; the first active member's event goes to FILE
     rest SECONDS           read on without ticks */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/timerfd.h>

#include "report.h"

enum { EVENTS = 1024, IN_FLIGHT = 128 };
enum { OPEN_LIMIT_S = 300, TICK_LIMIT_S = 120 };
static const long SECOND = 1000000000L;
static const char *const NAMES[KINDS] = {"active", "silent", "idle"};

static int order_fd, told_fd, timer_fd, in_flight, reached;
static long highest; /* the last tick that any active member has */
static struct member *first_active;

static void on_event(struct member *member, long seq, uint64_t bytes) {
  if (member->state == SUBSCRIBED) {
    member->state = TOLD;
    tally[member->kind].told++;
    in_flight--;
    if (member->kind == SILENT) epoll_ctl(poll_fd, EPOLL_CTL_DEL, member->fd, NULL);
  }
  tally[member->kind].messages++;
  tally[member->kind].bytes += bytes;
  if (member->kind == ACTIVE) {
    if (seq > highest) highest = seq, reached = 0;
    if (seq == highest && (member->seq < seq)) reached++;
    if (sampling && sample_count < MAX_SAMPLES)
      samples[sample_count++] = (struct sample){seq, now_ns(CLOCK_MONOTONIC)};
  }
  member->seq = seq;
}

static void on_end(struct member *member) {
  tally[member->kind].told--;
  if (member->kind == ACTIVE && member->seq == highest) reached--;
}

static void fail(const char *what) {
  printf("{\"error\": \"%s\"}\n", what);
  exit(1);
}

static void read_told(void) {
  static char text[4096];
  static size_t have;
  ssize_t got = read(told_fd, text + have, sizeof text - 1 - have);
  if (got == 0) fail("the server is gone");
  if (got < 0) return;
  have += got;
  text[have] = 0;
  char *line = text, *end;
  for (; (end = strchr(line, '\n')); line = end + 1) {
    long seq, at, made;
    if (sscanf(line, "T %ld %ld %ld", &seq, &at, &made) != 3) continue;
    if (!first_seq) first_seq = seq;
    if (seq - first_seq < MAX_TICKS) stamps[seq - first_seq] = at;
    told_seq = seq;
    made_ns += made;
    answered++;
  }
  have -= line - text;
  memmove(text, line, have);
}

/* Take what has come; return after the timer's time at the latest. */
static void pump(void) {
  struct epoll_event events[EVENTS];
  uint64_t expired;
  int ready = epoll_wait(poll_fd, events, EVENTS, -1);
  for (int i = 0; i < ready; i++) {
    struct member *member = events[i].data.ptr;
    if (events[i].data.ptr == &told_fd) read_told();
    else if (events[i].data.ptr == &timer_fd) {
      if (read(timer_fd, &expired, sizeof expired) < 0) continue;
    } else if (member->state == DIALLING) upgrade(member);
    else if (member->state != GONE) read_member(member);
  }
}

static void wake_at(long at) {
  struct itimerspec when = {.it_value = {at / SECOND, at % SECOND}};
  timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static int all_have_it(void) {
  if (answered < ordered) return 0;
  return !ordered || (highest == told_seq && reached >= tally[ACTIVE].told);
}

static void order(void) {
  if (write(order_fd, "t", 1) != 1) fail("the server takes no orders");
  ordered++;
}

static int wait_all(void) {
  long until = now_ns(CLOCK_MONOTONIC) + TICK_LIMIT_S * SECOND;
  wake_at(until);
  while (!all_have_it()) {
    pump();
    if (now_ns(CLOCK_MONOTONIC) > until) return 0;
  }
  return 1;
}

static void saturate(double seconds) {
  struct mark began = mark();
  int complete = 1;
  sample_count = 0, sampling = 1;
  do {
    order();
    complete = wait_all();
  } while (complete && tally[ACTIVE].told &&
           now_ns(CLOCK_MONOTONIC) - began.at < seconds * SECOND);
  sampling = 0;
  report(began, mark(), complete);
}

static void pump_until(long until) {
  wake_at(until);
  while (now_ns(CLOCK_MONOTONIC) < until) pump();
}

static void pace(double per_second, double seconds) {
  struct mark began = mark();
  long count = lround(per_second * seconds);
  sample_count = 0, sampling = 1;
  for (long i = 1; i <= count; i++) {
    order();
    pump_until(began.at + lround(i * SECOND / per_second));
  }
  struct mark ended = mark();
  int complete = wait_all();
  sampling = 0;
  /* What came late still counts as delivered; time and CPU are the interval's. */
  ended.messages = tally[ACTIVE].messages, ended.bytes = tally[ACTIVE].bytes;
  report(began, ended, complete);
}

static char **read_lines(const char *path, size_t *count) {
  FILE *file = fopen(path, "r");
  char **lines = NULL, *line = NULL;
  size_t room = 0;
  ssize_t length;
  *count = 0;
  if (!file) fail("no such file of payloads");
  while ((length = getline(&line, &room, file)) > 0) {
    line[length - 1] = 0;
    lines = realloc(lines, sizeof *lines * (*count + 1));
    lines[(*count)++] = strdup(line);
  }
  fclose(file);
  if (!*count) fail("no payloads");
  return lines;
}

static void open_members(int count, enum kind kind, const char *path) {
  size_t lines;
  char **payloads = read_lines(path, &lines);
  struct member *members = calloc(count, sizeof *members);
  long began = now_ns(CLOCK_MONOTONIC), until = began + OPEN_LIMIT_S * SECOND;
  int wanted = tally[kind].told + count;
  wake_at(until);
  for (int i = 0; tally[kind].told < wanted;) {
    for (; i < count && in_flight < IN_FLIGHT; i++) {
      members[i].kind = kind;
      members[i].payload = payloads[i % lines];
      if (!dial(&members[i], tally[kind].opened++)) fail(strerror(errno));
      in_flight++;
    }
    pump();
    if (tally[kind].ended) fail("a connection ended while others were opened");
    if (now_ns(CLOCK_MONOTONIC) > until) fail("not all connections could be opened");
  }
  if (kind == ACTIVE && !first_active) first_active = members;
  if (kind == SILENT) silent = members, silent_count = count;
  printf("{\"opened\": %d, \"seconds\": %.6f}\n", count,
         (now_ns(CLOCK_MONOTONIC) - began) / 1e9);
}

static void capture_to(const char *path) {
  if (!first_active) fail("nobody to capture an event of");
  capture.of = first_active;
  capture.used = capture.done = 0;
  order();
  int complete = wait_all();
  while (complete && !capture.done) pump();
  FILE *file = fopen(path, "w");
  if (!file || fwrite(capture.text, 1, capture.used, file) != capture.used)
    fail("cannot write the captured event");
  fclose(file);
  capture.of = NULL;
  printf("{\"bytes\": %zu}\n", capture.used);
}

static void obey(const char *line) {
  char word[16], path[4096];
  int count;
  double first, second;
  if (sscanf(line, "open %d %15s %4095[^\n]", &count, word, path) == 3) {
    for (int kind = 0; kind < KINDS; kind++)
      if (!strcmp(word, NAMES[kind])) return open_members(count, kind, path);
  }
  if (sscanf(line, "saturate %lf", &first) == 1) return saturate(first);
  if (sscanf(line, "pace %lf %lf", &first, &second) == 2) return pace(first, second);
  if (sscanf(line, "capture %4095[^\n]", path) == 1) return capture_to(path);
  if (sscanf(line, "rest %lf", &first) == 1) {
    pump_until(now_ns(CLOCK_MONOTONIC) + lround(first * SECOND));
    printf("{}\n");
    return;
  }
  fail("unknown command");
}

int main(int argc, char **argv) {
  char line[8192];
  struct epoll_event event = {.events = EPOLLIN};
  if (argc != 6) return 2;
  signal(SIGPIPE, SIG_IGN);
  setvbuf(stdout, NULL, _IOLBF, 4096);
  server_port = atoi(argv[1]);
  order_fd = atoi(argv[2]), told_fd = atoi(argv[3]), server_pid = atoi(argv[4]);
  same_ids = !strcmp(argv[5], "same");
  stamps = calloc(MAX_TICKS, sizeof *stamps);
  samples = calloc(MAX_SAMPLES, sizeof *samples);
  poll_fd = epoll_create1(0);
  timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  fcntl(told_fd, F_SETFL, O_NONBLOCK);
  event.data.ptr = &told_fd;
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, told_fd, &event);
  event.data.ptr = &timer_fd;
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer_fd, &event);
  while (fgets(line, sizeof line, stdin)) obey(line);
  return 0;
}
