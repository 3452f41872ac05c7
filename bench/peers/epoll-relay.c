/*
 * The limit: the smallest possible room server on this kernel. One thread, epoll, no library. A message is read and
 * unmasked in place, and the same bytes are sent to all members of the room, with one send each. The new frame head
 * overwrites the old one, so nothing is copied. All frames of one read go out in one write. Nothing is stored, and there
 * are no limits. Rooms are paths: `/r/<number>`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_BYTES (1 << 16)
#define EVENTS_MAX 256
#define ROOMS_MAX 65536
#define MEMBERS_MAX 64
#define UNSENT_BYTES_MAX (2 << 20)
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

struct member {
  int fd;
  int room; /* -1 = not upgraded yet */
  uint32_t place;
  uint32_t rest_length, unsent_length;
  uint8_t *rest, *unsent;
};

struct room {
  uint32_t size;
  struct member *members[MEMBERS_MAX];
};

static int poll_fd;
static struct room *rooms[ROOMS_MAX];
static uint8_t input[INPUT_BYTES];

static uint32_t rotate(uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

static void sha1_block(uint32_t state[5], const uint8_t *block) {
  uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int at = 0; at < 16; at++) {
    w[at] = (uint32_t)block[at * 4] << 24 | (uint32_t)block[at * 4 + 1] << 16 | (uint32_t)block[at * 4 + 2] << 8 | block[at * 4 + 3];
  }
  for (int at = 16; at < 80; at++) w[at] = rotate(w[at - 3] ^ w[at - 8] ^ w[at - 14] ^ w[at - 16], 1);
  for (int at = 0; at < 80; at++) {
    uint32_t f, k;
    if (at < 20) f = (b & c) | (~b & d), k = 0x5a827999;
    else if (at < 40) f = b ^ c ^ d, k = 0x6ed9eba1;
    else if (at < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
    else f = b ^ c ^ d, k = 0xca62c1d6;
    const uint32_t next = rotate(a, 5) + f + e + k + w[at];
    e = d, d = c, c = rotate(b, 30), b = a, a = next;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* SHA-1 (RFC 3174) of a text of 56 to 119 bytes, which is two blocks; the key and the GUID have 60. */
static void sha1(const char *text, size_t length, uint8_t digest[20]) {
  uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  uint8_t blocks[128] = {0};
  memcpy(blocks, text, length);
  blocks[length] = 0x80;
  blocks[126] = (uint8_t)(length * 8 >> 8);
  blocks[127] = (uint8_t)(length * 8);
  sha1_block(state, blocks);
  sha1_block(state, blocks + 64);
  for (int at = 0; at < 20; at++) digest[at] = (uint8_t)(state[at / 4] >> (24 - at % 4 * 8));
}

static void base64_of_digest(const uint8_t digest[20], char out[29]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint8_t bytes[21] = {0};
  memcpy(bytes, digest, 20);
  for (int group = 0; group < 7; group++) {
    const uint32_t bits = (uint32_t)bytes[group * 3] << 16 | (uint32_t)bytes[group * 3 + 1] << 8 | bytes[group * 3 + 2];
    for (int letter = 0; letter < 4; letter++) out[group * 4 + letter] = letters[bits >> (18 - letter * 6) & 63];
  }
  out[27] = '=';
  out[28] = 0;
}

static void leave(struct member *member) {
  if (member->room >= 0) {
    struct room *room = rooms[member->room];
    struct member *last = room->members[--room->size];
    room->members[member->place] = last;
    last->place = member->place;
  }
  close(member->fd);
  free(member->rest);
  free(member->unsent);
  free(member);
}

static bool join(struct member *member, uint32_t number) {
  if (number >= ROOMS_MAX) return false;
  if (rooms[number] == NULL) rooms[number] = calloc(1, sizeof **rooms);
  struct room *room = rooms[number];
  if (room->size == MEMBERS_MAX) return false;
  member->room = (int)number;
  member->place = room->size;
  room->members[room->size++] = member;
  return true;
}

/* Keeps what the kernel does not accept. With too much of it, the connection is shut down, and reading from it ends. */
static void transmit(struct member *member, const uint8_t *bytes, size_t length) {
  size_t sent = 0;
  if (member->unsent_length == 0) {
    const ssize_t took = send(member->fd, bytes, length, MSG_NOSIGNAL);
    if (took == (ssize_t)length) return;
    if (took < 0 && errno != EAGAIN) return;
    if (took > 0) sent = (size_t)took;
  }
  const size_t left = length - sent;
  if (member->unsent_length + left > UNSENT_BYTES_MAX) {
    shutdown(member->fd, SHUT_RDWR);
    return;
  }
  member->unsent = realloc(member->unsent, member->unsent_length + left);
  memcpy(member->unsent + member->unsent_length, bytes + sent, left);
  member->unsent_length += (uint32_t)left;
}

static void flush(struct member *member) {
  const uint32_t length = member->unsent_length;
  uint8_t *bytes = member->unsent;
  if (length == 0) return;
  member->unsent = NULL;
  member->unsent_length = 0;
  transmit(member, bytes, length);
  free(bytes);
}

/* Returns false if the connection must be closed. *used is 0 if the request is incomplete. */
static bool upgrade(struct member *member, char *text, size_t length, size_t *used) {
  const char *end = memmem(text, length, "\r\n\r\n", 4);
  *used = 0;
  if (end == NULL) return length < 8192;
  *used = (size_t)(end - text) + 4;
  text[*used - 1] = 0;
  uint32_t number;
  const char *key = strcasestr(text, "\r\nSec-WebSocket-Key: ");
  if (sscanf(text, "GET /r/%u HTTP/1.1", &number) != 1 || key == NULL || !join(member, number)) return false;
  char accept[29], joined[24 + sizeof GUID], answer[256];
  uint8_t digest[20];
  memcpy(joined, key + 21, 24);
  memcpy(joined + 24, GUID, sizeof GUID);
  sha1(joined, 24 + sizeof GUID - 1, digest);
  base64_of_digest(digest, accept);
  const int size = snprintf(answer, sizeof answer,
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: %s\r\n\r\n",
                            accept);
  transmit(member, (const uint8_t *)answer, (size_t)size);
  return true;
}

static void unmask(uint8_t *payload, size_t length, const uint8_t key[4]) {
  uint64_t wide;
  uint32_t narrow;
  memcpy(&narrow, key, 4);
  wide = (uint64_t)narrow << 32 | narrow;
  size_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t word;
    memcpy(&word, payload + at, 8);
    word ^= wide;
    memcpy(payload + at, &word, 8);
  }
  for (; at < length; at++) payload[at] ^= (uint8_t)(narrow >> (at & 3) * 8);
}

struct span {
  uint8_t *from, *to;
};

/* Converts the frames of a client, in place, into frames of a server, one after another. The head of a server's frame is
   4 bytes shorter, so writing never overtakes reading, and the first frame need not be moved. Returns false if the
   connection must be closed. */
static bool convert_frames(uint8_t *bytes, size_t length, size_t *used, struct span *out) {
  size_t at = 0;
  *out = (struct span){bytes, bytes};
  while (at + 6 <= length) {
    const uint8_t first = bytes[at];
    size_t size = bytes[at + 1] & 127, head = 6;
    if (size == 127 || (bytes[at + 1] & 128) == 0) return false;
    if (size == 126) {
      head = 8;
      if (at + head > length) break;
      size = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
    }
    if (at + head + size > length) break;
    uint8_t *payload = bytes + at + head;
    at += head + size;
    if ((first & 15) == 8) return false;
    if ((first & 15) > 2) continue; /* a pong */
    unmask(payload, size, payload - 4);
    const size_t own = size < 126 ? 2 : 4;
    uint8_t *to = out->to;
    if (out->from == out->to) to = out->from = payload - own;
    else memmove(to + own, payload, size);
    to[0] = first;
    to[1] = (uint8_t)(size < 126 ? size : 126);
    if (own == 4) to[2] = (uint8_t)(size >> 8), to[3] = (uint8_t)size;
    out->to = to + own + size;
  }
  *used = at;
  return true;
}

static void relay(const struct member *from, struct span out) {
  const struct room *room = rooms[from->room];
  for (uint32_t at = 0; at < room->size; at++) transmit(room->members[at], out.from, (size_t)(out.to - out.from));
}

/* Returns false if the connection has ended. */
static bool take(struct member *member) {
  size_t have = member->rest_length, used = 0, more = 0;
  if (have > 0) memcpy(input, member->rest, have);
  const ssize_t got = recv(member->fd, input + have, sizeof input - 1 - have, 0);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  have += (size_t)got;
  if (member->room < 0 && !upgrade(member, (char *)input, have, &used)) return false;
  if (member->room >= 0) {
    struct span out;
    if (!convert_frames(input + used, have - used, &more, &out)) return false;
    if (out.to > out.from) relay(member, out);
  }
  const size_t left = have - used - more;
  if (left == sizeof input - 1) return false;
  if (left == 0 && member->rest_length == 0) return true;
  member->rest = realloc(member->rest, left + 1);
  memcpy(member->rest, input + used + more, left);
  member->rest_length = (uint32_t)left;
  return true;
}

static void watch(struct member *member) {
  struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = member};
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, member->fd, &interest);
}

static void accept_all(int listener) {
  const int on = 1;
  for (;;) {
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct member *member = calloc(1, sizeof *member);
    member->fd = fd;
    member->room = -1;
    watch(member);
  }
}

static int open_listener(void) {
  struct sockaddr_in place = {.sin_family = AF_INET};
  socklen_t size = sizeof place;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&place, size) != 0 || listen(listener, 4096) != 0) exit(1);
  struct epoll_event interest = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &interest);
  getsockname(listener, (struct sockaddr *)&place, &size);
  printf("ready %u\n", ntohs(place.sin_port));
  fflush(stdout);
  return listener;
}

int main(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  const int listener = open_listener();
  for (;;) {
    struct epoll_event events[EVENTS_MAX];
    const int count = epoll_wait(poll_fd, events, EVENTS_MAX, -1);
    for (int at = 0; at < count; at++) {
      struct member *member = events[at].data.ptr;
      if (member == NULL) {
        accept_all(listener);
        continue;
      }
      const uint32_t what = events[at].events;
      if (what & EPOLLOUT) flush(member);
      /* Edge-triggered: after a short read the socket is empty, and data that arrives from now on is a new event. */
      bool open = true;
      if (what & EPOLLIN) open = take(member);
      if (!open || what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) leave(member);
    }
  }
}
