/* The little of RFC 6455 that a load client and a bare server need. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include <stdint.h>
#include <string.h>

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, MAX_FRAME_HEAD = 14 };

/* A frame's head: what it is, where its payload begins, and how long that is. */
struct frame {
  int opcode;
  int masked;
  uint32_t offset; /* bytes from the head's begin to the payload */
  uint64_t length; /* bytes of payload */
  uint8_t mask[4];
};

/* Read a frame's head; 0 where more bytes are needed. */
static inline int read_frame(const uint8_t *at, size_t have, struct frame *out) {
  if (have < 2) return 0;
  uint32_t offset = 2;
  uint64_t length = at[1] & 127;
  size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  out->opcode = at[0] & 15;
  out->masked = at[1] >> 7;
  if (have < 2 + extra + (out->masked ? 4 : 0)) return 0;
  if (extra) length = 0;
  for (size_t i = 0; i < extra; i++) length = length << 8 | at[offset++];
  if (out->masked) {
    memcpy(out->mask, at + offset, 4);
    offset += 4;
  }
  out->offset = offset;
  out->length = length;
  return 1;
}

/* Write a frame's head and return its length; a mask of zeros where asked for, which
   leaves the payload as it is. */
static inline size_t write_head(uint8_t *at, int opcode, uint64_t length, int masked) {
  size_t used = 2;
  uint8_t bit = masked ? 128 : 0;
  at[0] = 128 | opcode;
  if (length < 126) {
    at[1] = bit | (uint8_t)length;
  } else {
    int wide = length > 65535;
    at[1] = bit | (wide ? 127 : 126);
    for (int i = (wide ? 8 : 2) - 1; i >= 0; i--) at[used++] = length >> (8 * i);
  }
  if (masked) {
    memset(at + used, 0, 4);
    used += 4;
  }
  return used;
}

static inline void unmask(uint8_t *payload, size_t length, const uint8_t *mask) {
  for (size_t i = 0; i < length; i++) payload[i] ^= mask[i & 3];
}

#endif
