/* The floor: an epoll server that writes one ready frame to every member.

   floor TEMPLATES: each line is one event as JSON, with \x01 where the tick's number
   goes. Says "P <port>" when it listens. A byte 't' on standard input is the order for
   one tick; "T <tick> <monotonic ns> <CPU ns of making it>" answers. Members speak
   graphql-transport-ws as far as the load client does: any `connection_init` is
   acknowledged, any `subscribe` makes a member and is told the current event. A member
   whose socket is full keeps the rest of its frame and misses ticks meanwhile. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "accept.h"
#include "clock.h"
#include "websocket.h"

enum { INBOX = 2048, EVENTS = 1024, MAX_TEMPLATES = 64, MAX_MEMBERS = 65536 };

struct member {
  int fd, upgraded, subscribed;
  uint8_t *rest; /* of a frame that the socket did not take whole */
  size_t rest_length, have;
  uint8_t inbox[INBOX];
};

static char *templates[MAX_TEMPLATES];
static size_t template_count;
static uint8_t *frame;
static size_t frame_length;
static long tick_number = 1;
static struct member *members[MAX_MEMBERS];
static size_t member_count;
static int poll_fd;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void load(const char *path) {
  FILE *file = fopen(path, "r");
  size_t room = 0, longest = 0;
  if (!file) die(path);
  while (template_count < MAX_TEMPLATES) {
    ssize_t length = getline(&templates[template_count], &room, file);
    if (length < 0) break;
    templates[template_count][length - 1] = 0;
    if ((size_t)length > longest) longest = length;
    template_count++, room = 0;
  }
  fclose(file);
  if (!template_count) die("no templates");
  /* Only marks grow, from one byte to the digits of a number. */
  frame = malloc(MAX_FRAME_HEAD + longest * 8);
}

/* Make the frame of the current tick: numbers into the template, a head before it. */
static void make(void) {
  uint8_t *payload = frame + MAX_FRAME_HEAD, *to = payload, head[MAX_FRAME_HEAD];
  char digits[24];
  size_t width = snprintf(digits, sizeof digits, "%ld", tick_number);
  const char *from = templates[tick_number % template_count];
  for (const char *mark; (mark = strchr(from, 1)); from = mark + 1) {
    memcpy(to, from, mark - from);
    to += mark - from;
    memcpy(to, digits, width);
    to += width;
  }
  size_t tail = strlen(from);
  memcpy(to, from, tail);
  to += tail;
  size_t used = write_head(head, TEXT, to - payload, 0);
  memmove(frame + used, payload, to - payload);
  memcpy(frame, head, used);
  frame_length = used + (to - payload);
}

static void leave(struct member *member) {
  close(member->fd);
  for (size_t i = 0; i < member_count; i++)
    if (members[i] == member) members[i] = members[--member_count];
  free(member->rest);
  free(member);
}

static void watch(struct member *member, uint32_t events, int how) {
  struct epoll_event event = {.events = events, .data.ptr = member};
  if (epoll_ctl(poll_fd, how, member->fd, &event)) die("epoll_ctl");
}

static void deliver(struct member *member, const uint8_t *bytes, size_t length) {
  if (member->rest) return;
  ssize_t sent = send(member->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent == (ssize_t)length || (sent < 0 && errno != EAGAIN)) return;
  if (sent < 0) sent = 0;
  member->rest_length = length - sent;
  member->rest = malloc(member->rest_length);
  memcpy(member->rest, bytes + sent, member->rest_length);
  watch(member, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static void flush_rest(struct member *member) {
  ssize_t sent = send(member->fd, member->rest, member->rest_length,
                      MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return;
  member->rest_length -= sent;
  memmove(member->rest, member->rest + sent, member->rest_length);
  if (member->rest_length) return;
  free(member->rest);
  member->rest = NULL;
  watch(member, EPOLLIN, EPOLL_CTL_MOD);
}

static void upgrade(struct member *member) {
  char answer[256], accepted[29];
  member->inbox[member->have] = 0;
  char *end = strstr((char *)member->inbox, "\r\n\r\n");
  char *key = strcasestr((char *)member->inbox, "sec-websocket-key: ");
  if (!end || !key) return;
  accept_of(key + 19, accepted);
  int length = snprintf(answer, sizeof answer,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
                        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n",
                        accepted);
  deliver(member, (uint8_t *)answer, length);
  member->upgraded = 1;
  member->have = 0;
}

/* Take one message of a member; whether it stays. */
static int hear(struct member *member, uint8_t *text, size_t length, int opcode) {
  static const char ack[] = "{\"type\":\"connection_ack\"}";
  uint8_t answer[64];
  if (opcode == CLOSE) return 0;
  if (opcode != TEXT) return 1;
  if (memmem(text, length, "connection_init", 15)) {
    size_t used = write_head(answer, TEXT, sizeof ack - 1, 0);
    memcpy(answer + used, ack, sizeof ack - 1);
    deliver(member, answer, used + sizeof ack - 1);
  } else if (memmem(text, length, "subscribe", 9)) {
    member->subscribed = 1;
    deliver(member, frame, frame_length);
  }
  return 1;
}

static int read_member(struct member *member) {
  struct frame found;
  ssize_t got = recv(member->fd, member->inbox + member->have,
                     INBOX - 1 - member->have, MSG_DONTWAIT);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  member->have += got;
  if (!member->upgraded) {
    upgrade(member);
    return member->have < INBOX - 1;
  }
  while (read_frame(member->inbox, member->have, &found)) {
    size_t whole = found.offset + found.length;
    if (whole > INBOX - 1) return 0;
    if (member->have < whole) break;
    uint8_t *text = member->inbox + found.offset;
    if (found.masked) unmask(text, found.length, found.mask);
    if (!hear(member, text, found.length, found.opcode)) return 0;
    member->have -= whole;
    memmove(member->inbox, member->inbox + whole, member->have);
  }
  return 1;
}

static void admit(int listener) {
  int on = 1, fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (member_count == MAX_MEMBERS) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct member *member = calloc(1, sizeof *member);
    member->fd = fd;
    members[member_count++] = member;
    watch(member, EPOLLIN, EPOLL_CTL_ADD);
  }
}

static void tick(void) {
  long began = now_ns(CLOCK_THREAD_CPUTIME_ID);
  tick_number++;
  make();
  long made = now_ns(CLOCK_THREAD_CPUTIME_ID) - began;
  printf("T %ld %ld %ld\n", tick_number, now_ns(CLOCK_MONOTONIC), made);
  for (size_t i = 0; i < member_count; i++)
    if (members[i]->subscribed) deliver(members[i], frame, frame_length);
}

static int listen_anywhere(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096))
    die("listen");
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("P %d\n", ntohs(address.sin_port));
  return listener;
}

int main(int argc, char **argv) {
  struct epoll_event events[EVENTS], event = {.events = EPOLLIN};
  static struct member listener, orders;
  char order[256];
  if (argc != 2) return 2;
  signal(SIGPIPE, SIG_IGN);
  setvbuf(stdout, NULL, _IOLBF, 4096);
  load(argv[1]);
  make();
  poll_fd = epoll_create1(0);
  listener.fd = listen_anywhere();
  watch(&listener, EPOLLIN, EPOLL_CTL_ADD);
  event.data.ptr = &orders;
  if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &event)) die("epoll_ctl stdin");
  for (;;) {
    int ready = epoll_wait(poll_fd, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      struct member *member = events[i].data.ptr;
      if (member == &listener) {
        admit(listener.fd);
      } else if (member == &orders) {
        ssize_t got = read(0, order, sizeof order);
        if (got <= 0) return 0;
        for (ssize_t k = 0; k < got; k++)
          if (order[k] == 't') tick();
      } else {
        if (events[i].events & EPOLLOUT && member->rest) flush_rest(member);
        if (events[i].events & ~EPOLLOUT && !read_member(member)) leave(member);
      }
    }
  }
}
