/* One connection of the load client: dial, shake hands, subscribe, count events.

   Of an event only the first bytes are read, for the tick's number; the kernel drops
   the rest (MSG_TRUNC), so that the client costs less than any server. */
#ifndef MEMBER_H
#define MEMBER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "clock.h"
#include "websocket.h"

enum { HEAD = 1024, PREFIX = 192, ADDRESSES = 16, MAX_SUBSCRIBE = 16384 };
enum kind { ACTIVE, SILENT, IDLE, KINDS };
enum state { DIALLING, UPGRADING, ACKNOWLEDGED, SUBSCRIBED, TOLD, GONE };

struct member {
  int fd;
  enum kind kind;
  enum state state;
  const char *payload; /* of its subscribe message */
  long seq;            /* of the last event's tick */
  uint64_t skip;       /* bytes of the present frame that are still to come */
  size_t have;
  char head[HEAD];
};

/* What the members of a kind have come to. */
static struct {
  long messages, bytes, ended;
  int opened, told;
} tally[KINDS];
static int poll_fd, same_ids, server_port;
static void on_event(struct member *member, long seq, uint64_t bytes);
static void on_end(struct member *member);

/* The next event of this member is kept whole. */
static struct {
  struct member *of;
  char *text;
  size_t used, room;
  int done;
} capture;

static void keep(const char *bytes, size_t length) {
  if (capture.used + length > capture.room) {
    capture.room = 2 * (capture.used + length);
    capture.text = realloc(capture.text, capture.room);
  }
  memcpy(capture.text + capture.used, bytes, length);
  capture.used += length;
}

static void watch(struct member *member, uint32_t events, int how) {
  struct epoll_event event = {.events = events, .data.ptr = member};
  epoll_ctl(poll_fd, how, member->fd, &event);
}

static void end(struct member *member, const char *why) {
  static int said;
  if (member->state == GONE) return;
  if (said++ < 3) fprintf(stderr, "load: a connection ended: %s\n", why);
  if (member->state == TOLD) on_end(member);
  tally[member->kind].ended++;
  member->state = GONE;
  close(member->fd);
}

static void say(struct member *member, int opcode, const char *text, size_t length) {
  uint8_t frame[MAX_FRAME_HEAD + MAX_SUBSCRIBE];
  size_t used = write_head(frame, opcode, length, 1);
  memcpy(frame + used, text, length);
  ssize_t sent = send(member->fd, frame, used + length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent != (ssize_t)(used + length)) end(member, "its socket took no message");
}

/* Write an operation ID as clients do: a UUID of version 4. */
static void write_id(char *out) {
  static uint64_t seed = 0x9e3779b97f4a7c15;
  uint64_t half[2];
  for (int i = 0; i < 2; i++) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    half[i] = seed;
  }
  if (same_ids) half[0] = half[1] = 0;
  sprintf(out, "%08x-%04x-4%03x-a%03x-%012lx", (uint32_t)(half[0] >> 32),
          (uint32_t)(half[0] >> 16) & 65535, (uint32_t)half[0] & 4095,
          (uint32_t)(half[1] >> 52), (unsigned long)(half[1] & 0xffffffffffff));
}

static void subscribe(struct member *member) {
  char text[MAX_SUBSCRIBE], id[40];
  write_id(id);
  int length = snprintf(text, sizeof text,
                        "{\"id\":\"%s\",\"type\":\"subscribe\",\"payload\":%s}", id,
                        member->payload);
  member->state = SUBSCRIBED;
  say(member, TEXT, text, length);
}

static int dial(struct member *member, int index) {
  struct sockaddr_in from = {.sin_family = AF_INET}, to = from;
  int on = 1;
  member->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (member->fd < 0) return 0;
  setsockopt(member->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  setsockopt(member->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index % ADDRESSES);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(server_port);
  if (bind(member->fd, (struct sockaddr *)&from, sizeof from)) return 0;
  if (connect(member->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)
    return 0;
  watch(member, EPOLLOUT, EPOLL_CTL_ADD);
  return 1;
}

static void upgrade(struct member *member) {
  char text[512];
  int length = snprintf(text, sizeof text,
                        "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n",
                        server_port);
  member->state = UPGRADING;
  watch(member, EPOLLIN, EPOLL_CTL_MOD);
  if (send(member->fd, text, length, MSG_NOSIGNAL) != length)
    end(member, "the server took no handshake");
}

static int upgraded(struct member *member) {
  static const char init[] = "{\"type\":\"connection_init\"}";
  member->head[member->have] = 0;
  char *rest = strstr(member->head, "\r\n\r\n");
  if (!rest) return 0;
  if (strncmp(member->head, "HTTP/1.1 101", 12)) {
    end(member, member->head);
    return 0;
  }
  member->have -= rest + 4 - member->head;
  memmove(member->head, rest + 4, member->have);
  member->state = ACKNOWLEDGED;
  say(member, TEXT, init, sizeof init - 1);
  return 1;
}

/* Take a text message of which the first bytes are here. */
static void hear(struct member *member, char *text, size_t have, uint64_t bytes) {
  char kept = text[have];
  text[have] = 0;
  if (member->state == ACKNOWLEDGED) {
    if (strstr(text, "connection_ack")) subscribe(member);
    else end(member, text);
  } else if (strstr(text, "\"next\"")) {
    char *seq = strstr(text, "\"seq\":");
    if (seq) on_event(member, strtol(seq + 6, NULL, 10), bytes);
    else end(member, text);
  } else if (strstr(text, "\"ping\"")) {
    say(member, TEXT, "{\"type\":\"pong\"}", 15);
  } else {
    end(member, text);
  }
  text[have] = kept;
}

/* Take one frame out of what was read; 0 where more bytes are needed. */
static int take_frame(struct member *member) {
  struct frame found;
  if (!read_frame((uint8_t *)member->head, member->have, &found)) return 0;
  uint64_t whole = found.offset + found.length;
  uint64_t wanted = found.length < PREFIX ? found.length : PREFIX;
  size_t here = member->have < whole ? member->have : whole;
  char *text = member->head + found.offset;
  if (member->have < found.offset + wanted) return 0;
  if (member == capture.of && found.opcode <= BINARY && !capture.used)
    keep(text, here - found.offset);
  if (found.opcode == PING) say(member, PONG, text, found.length);
  else if (found.opcode == CLOSE) end(member, "closed by the server");
  else if (found.opcode <= BINARY) hear(member, text, wanted, whole);
  member->have -= here;
  memmove(member->head, member->head + here, member->have);
  member->skip = whole - here;
  if (member == capture.of && capture.used && !member->skip) capture.done = 1;
  return member->state != GONE && !member->skip;
}

/* Drop what is left of the present frame, or keep it where it is captured. */
static int skip(struct member *member) {
  static char scratch[1 << 20];
  size_t most = member->skip < sizeof scratch ? member->skip : sizeof scratch;
  int kept = member == capture.of && !capture.done;
  int how = MSG_DONTWAIT | (kept ? 0 : MSG_TRUNC);
  ssize_t got = recv(member->fd, scratch, most, how);
  if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
  if (kept) keep(scratch, got);
  member->skip -= got;
  if (kept && !member->skip) capture.done = 1;
  return 1;
}

static int fill(struct member *member) {
  ssize_t got = recv(member->fd, member->head + member->have, HEAD - 1 - member->have,
                     MSG_DONTWAIT);
  if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
  member->have += got;
  return 1;
}

static void read_member(struct member *member) {
  for (;;) {
    int got = member->skip ? skip(member) : fill(member);
    if (got < 0) end(member, "cut by the server");
    if (got <= 0) return;
    if (member->state == UPGRADING && !upgraded(member)) return;
    while (member->state != GONE && !member->skip && take_frame(member)) continue;
    /* Where more is to come than the rest of a frame, epoll tells again. */
    if (member->state == GONE || !member->skip) return;
  }
}

#endif
