/*
 * One player's socket: TCP, the WebSocket upgrade, frames in and out (RFC 6455, without fragments), reconnects.
 * Frames are masked with random bytes: some servers have a fast path for a mask of zeros, which browsers never send.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Holds the longest frame that a server may send (half of it), and what is read after it. */
#define INPUT_BYTES (1 << 20)
#define FRAME_HEAD_MAX 14
/* A small batch, because messages that are due are sent between batches. */
#define EVENTS_MAX 32
#define UNSENT_BYTES_MAX (1 << 20)
/* A server that answers the first connect with 503 is tried again within this time. */
#define DECLINED_MS 100
#define RECONNECT_CHECK_NS 2000000
/* Close codes after which a player does not reconnect with the same pass (docs/protocol.md, section 13). */
#define CODE_FINAL_FROM 4200
#define CODE_FINAL_TO 4599

static int poll_fd = -1;
static uint8_t input[INPUT_BYTES];
static uint8_t output[BODY_BYTES_MAX + 4 * FRAME_HEAD_MAX + 4096];
static uint32_t waiting;

void open_poll(void) {
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (poll_fd < 0) die("no epoll");
}

static void note_recovery(uint64_t now) {
  const uint32_t live = counts->live, all = plan.player_count;
  if (counts->lost_at == 0) return;
  if (live * 2 >= all && counts->away_max * 2 > all && counts->half_at == 0) counts->half_at = now;
  if ((uint64_t)live * 100 >= (uint64_t)all * 99 && counts->away_max * 100ull > all && counts->back_99_at == 0) {
    counts->back_99_at = now;
  }
  if (live == all && counts->all_at == 0) counts->all_at = now;
}

static void note_loss(uint64_t now) {
  const uint32_t live = counts->live, all = plan.player_count;
  if (counts->lost_at == 0) counts->lost_at = now;
  if (all - live > counts->away_max) counts->away_max = all - live;
  counts->all_at = 0;
  if (live * 2 < all) counts->half_at = 0;
  if ((uint64_t)live * 100 < (uint64_t)all * 99) counts->back_99_at = 0;
}

void went_live(struct player *player) {
  player->phase = LIVE;
  player->failures = 0;
  counts->live++;
  if (player->opening) counts->opening--;
  else counts->reconnects++;
  player->opening = false;
  note_recovery(now_ns());
}

/* The connection has ended: for good, or until the backoff is over. */
static void disconnected(struct player *player, int code, const char *why) {
  const bool declined = strncmp(why, "HTTP/1.1 503", 12) == 0;
  close(player->fd);
  player->fd = -1;
  free(player->rest);
  free(player->unsent);
  player->rest = player->unsent = NULL;
  player->rest_length = player->unsent_length = 0;
  player->announced = player->held = false;
  const bool was_live = player->phase == LIVE;
  const bool reconnects = declined || (plan.reconnect_max_ms > 0 && (code < CODE_FINAL_FROM || code > CODE_FINAL_TO));
  if (!was_live && player->opening && !reconnects) {
    die("player %u of room %u could not connect: %d %s", player->place, player->room, code, why);
  }
  const uint64_t now = now_ns();
  if (was_live) {
    counts->live--;
    note_loss(now);
  }
  if (!reconnects) {
    player->phase = ABSENT;
    if (counts->closed++ == 0) fprintf(stderr, "load: a player's connection ended: %d %s\n", code, why);
    return;
  }
  /* During the first connect, a player that was declined tries again soon. */
  uint64_t limit_ms = player->opening ? DECLINED_MS : plan.reconnect_max_ms;
  if (!player->opening && player->failures < 16 && ((uint64_t)plan.reconnect_first_ms << player->failures) < limit_ms) {
    limit_ms = (uint64_t)plan.reconnect_first_ms << player->failures;
  }
  player->failures++;
  player->phase = WAITING;
  player->reconnect_at = now + random_bits() % (limit_ms * 1000000 + 1);
  waiting++;
}

void connect_player(struct player *player) {
  player->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (player->fd < 0) die("no socket: %s", strerror(errno));
  const int on = 1;
  setsockopt(player->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (plan.sources > 1) {
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(player - plan.players) % plan.sources);
    setsockopt(player->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(player->fd, (struct sockaddr *)&from, sizeof from) != 0) die("bind: %s", strerror(errno));
  }
  struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = player};
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(player->port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  player->phase = CONNECTING;
  if (connect(player->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
    return disconnected(player, 0, strerror(errno));
  }
  if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, player->fd, &interest) != 0) die("epoll: %s", strerror(errno));
}

void reconnect_due(uint64_t now) {
  static uint64_t checked_at;
  if (waiting == 0 || now - checked_at < RECONNECT_CHECK_NS) return;
  checked_at = now;
  for (uint32_t at = 0; at < plan.player_count && waiting > 0; at++) {
    struct player *player = &plan.players[at];
    if (player->phase != WAITING || player->reconnect_at > now || !is_own(player)) continue;
    waiting--;
    connect_player(player);
  }
}

static void transmit(struct player *player, const uint8_t *bytes, size_t length) {
  size_t sent = 0;
  if (player->fd < 0) return;
  if (player->unsent_length == 0) {
    const ssize_t took = send(player->fd, bytes, length, MSG_NOSIGNAL);
    if (took < 0 && errno != EAGAIN) return; /* reading from the socket will fail, too */
    if (took > 0) sent = (size_t)took;
  }
  if (sent == length) return;
  const size_t left = length - sent;
  if (player->unsent_length + left > UNSENT_BYTES_MAX) return disconnected(player, 0, "the server does not read");
  player->unsent = realloc(player->unsent, player->unsent_length + left);
  memcpy(player->unsent + player->unsent_length, bytes + sent, left);
  player->unsent_length += (uint32_t)left;
}

static void flush(struct player *player) {
  if (player->unsent_length == 0) return;
  uint8_t *bytes = player->unsent;
  const uint32_t length = player->unsent_length;
  player->unsent = NULL;
  player->unsent_length = 0;
  transmit(player, bytes, length);
  free(bytes);
}

static size_t put_frame(uint8_t *out, int opcode, const uint8_t *payload, size_t length) {
  uint8_t *at = out;
  *at++ = (uint8_t)(0x80 | opcode);
  if (length < 126) *at++ = (uint8_t)(0x80 | length);
  else {
    *at++ = 0x80 | 126;
    *at++ = (uint8_t)(length >> 8);
    *at++ = (uint8_t)length;
  }
  const uint32_t mask = (uint32_t)random_bits() | 1;
  memcpy(at, &mask, 4);
  const uint8_t *key = at;
  at += 4;
  for (size_t byte = 0; byte < length; byte++) at[byte] = payload[byte] ^ key[byte & 3];
  return (size_t)(at - out) + length;
}

void send_frame(struct player *player, int opcode, const uint8_t *payload, size_t length) {
  transmit(player, output, put_frame(output, opcode, payload, length));
}

void send_frames(struct player *player, int first_opcode, const void *first, size_t first_length, int opcode,
                 const uint8_t *payload, size_t length) {
  const size_t head = put_frame(output, first_opcode, first, first_length);
  transmit(player, output, head + put_frame(output + head, opcode, payload, length));
}

static void request_upgrade(struct player *player) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(player->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return disconnected(player, 0, strerror(error));
  char request[4096];
  const int length = snprintf(request, sizeof request,
                              "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIGJlbmNoJ3Mga2V5IQ==\r\n\r\n",
                              player->path, player->port);
  player->phase = UPGRADING;
  transmit(player, (const uint8_t *)request, (size_t)length);
}

/* Returns how many bytes were used. The first frames may follow at once. */
static size_t upgraded(struct player *player, uint8_t *bytes, size_t length) {
  const uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  if (length < 12 || memcmp(bytes, "HTTP/1.1 101", 12) != 0) {
    char status[64] = {0};
    memcpy(status, bytes, length < 40 ? length : 40);
    status[strcspn(status, "\r\n")] = 0;
    disconnected(player, 0, status);
    return 0;
  }
  player->phase = JOINING;
  plan.protocol->opened(player);
  return (size_t)(end - bytes) + 4;
}

static void received(struct player *player, int opcode, uint8_t *payload, size_t length, uint64_t now) {
  if (opcode == 9) return send_frame(player, 10, payload, length > 125 ? 125 : length);
  if (opcode == 8) {
    char why[128] = {0};
    if (length > 2) memcpy(why, payload + 2, length - 2 < 125 ? length - 2 : 125);
    return disconnected(player, length >= 2 ? payload[0] << 8 | payload[1] : 1005, why);
  }
  if (opcode == 1 || opcode == 2) plan.protocol->received(player, opcode, payload, length, now);
}

/* Handles every complete frame, and returns how many bytes were used. */
static size_t frames(struct player *player, uint8_t *bytes, size_t length, uint64_t now) {
  size_t at = 0;
  while (player->fd >= 0 && at + 2 <= length) {
    const int opcode = bytes[at] & 15;
    size_t size = bytes[at + 1], head = 2;
    if (size >= 126) {
      const size_t wide = size == 126 ? 2 : 8;
      if (at + 2 + wide > length) break;
      size = 0;
      for (size_t byte = 0; byte < wide; byte++) size = size << 8 | bytes[at + 2 + byte];
      head += wide;
    }
    if (size > INPUT_BYTES / 2) die("a frame of %zu bytes", size);
    if (at + head + size > length) break;
    if ((bytes[at] & 0x80) == 0) fault(player, "a fragmented message");
    received(player, opcode, bytes + at + head, size, now);
    at += head + size;
  }
  return at;
}

static void read_socket(struct player *player, bool ending) {
  while (player->fd >= 0) {
    size_t have = player->rest_length;
    if (have > 0) memcpy(input, player->rest, have);
    const size_t space = sizeof input - have;
    const ssize_t got = recv(player->fd, input + have, space, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return disconnected(player, 1006, got == 0 ? "ended without a close frame" : strerror(errno));
    const uint64_t now = now_ns();
    have += (size_t)got;
    size_t used = player->phase == UPGRADING ? upgraded(player, input, have) : 0;
    if (player->fd >= 0 && player->phase != UPGRADING) used += frames(player, input + used, have - used, now);
    if (player->fd < 0) return;
    const size_t left = have - used;
    if (left > 0) {
      player->rest = realloc(player->rest, left);
      memcpy(player->rest, input + used, left);
    } else {
      free(player->rest);
      player->rest = NULL;
    }
    player->rest_length = (uint32_t)left;
    /* The socket is empty. Polling is edge-triggered: data that arrives from now on is a new event. */
    if ((size_t)got < space && !ending) return;
  }
}

bool receive(int timeout_ms) {
  struct epoll_event events[EVENTS_MAX];
  const int count = epoll_wait(poll_fd, events, EVENTS_MAX, timeout_ms);
  for (int at = 0; at < count; at++) {
    struct player *player = events[at].data.ptr;
    const uint32_t what = events[at].events;
    if (player->fd < 0) continue;
    if (player->phase == CONNECTING) {
      if (what & (EPOLLOUT | EPOLLERR | EPOLLHUP)) request_upgrade(player);
      continue;
    }
    if (what & EPOLLOUT) flush(player);
    if (what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) read_socket(player, (what & ~(uint32_t)(EPOLLIN | EPOLLOUT)) != 0);
  }
  return count > 0;
}
