/*
 * Escapement's protocol (docs/protocol.md) from the player's side: hello with ticket or pass and position, replay,
 * sends, `expect`, `hold`. A player keeps each message until its echo. Every record must be received once, in order,
 * and at the same seq by all players.
 */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { HELLO = 0x20, SEND = 0x21, SIGNAL = 0x22 };
enum { RECORDS = 0x01, WELCOME = 0x40, CHUNK = 0x41, LIVE_MARK = 0x42, SIGNALS = 0x44, HOLD = 0x46, EXPECT = 0x47, REFUSED = 0x48 };
enum { KIND_BITS = 0x1f, EXTRA = 0x40, KIND_EPOCH = 2, KIND_MOVE = 16 };
#define BINARY 2
#define CHUNK_BYTES_MAX (1 << 19)

struct reader {
  const uint8_t *at, *end;
  bool bad;
};

static uint64_t get_varint(struct reader *reader) {
  uint64_t value = 0;
  for (int shift = 0; shift < 56; shift += 7) {
    if (reader->at >= reader->end) break;
    const uint8_t byte = *reader->at++;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return value;
  }
  reader->bad = true;
  return 0;
}

/* Returns `length` bytes; if there are fewer, NULL, and marks the reader as bad. */
static const uint8_t *get_bytes(struct reader *reader, uint64_t length) {
  if (length > (uint64_t)(reader->end - reader->at)) {
    reader->bad = true;
    return NULL;
  }
  const uint8_t *bytes = reader->at;
  reader->at += length;
  return bytes;
}

static uint8_t *put_varint(uint8_t *out, uint64_t value) {
  for (; value > 127; value >>= 7) *out++ = (uint8_t)(value | 128);
  *out++ = (uint8_t)value;
  return out;
}

static void send_hello(struct player *player) {
  uint8_t frame[4096], *at = frame;
  const size_t credential = strlen(player->ticket);
  if (credential > sizeof frame - 64) die("a ticket of %zu bytes", credential);
  bool drawn = false;
  for (int byte = 0; byte < CLIENT_ID_BYTES; byte++) drawn |= player->id[byte] != 0;
  for (int byte = 0; byte < CLIENT_ID_BYTES && !drawn; byte++) player->id[byte] = (uint8_t)random_bits();
  *at++ = HELLO;
  at = put_varint(at, plan.version);
  at = put_varint(at, credential);
  memcpy(at, player->ticket, credential);
  at = put_varint(at + credential, 1);
  memcpy(at, player->id, CLIENT_ID_BYTES);
  at = put_varint(at + CLIENT_ID_BYTES, player->epoch);
  at = put_varint(at, player->seq);
  send_frame(player, BINARY, frame, (size_t)(at - frame));
}

static void send_move(struct player *player, uint32_t k) {
  uint8_t frame[BODY_BYTES_MAX + 32], *at = frame;
  *at++ = SEND;
  *at++ = 0;
  at = put_varint(at, k);
  *at++ = KIND_MOVE;
  write_body(at, message_number(player, k));
  send_frame(player, BINARY, frame, (size_t)(at - frame) + plan.body);
}

/* Sends again what may not be durable. */
static void resend(struct player *player, uint32_t from) {
  if (player->held) return;
  for (uint32_t k = from; k <= player->due && player->fd >= 0; k++) send_move(player, k);
}

static void send_due(struct player *player, uint32_t message) {
  (void)message;
  if (!player->held) send_move(player, player->due);
}

static void on_move(struct player *player, const uint8_t *body, size_t length, uint64_t now, uint64_t seq,
                       uint64_t client_seq) {
  uint32_t number;
  if (!delivered(player, body, length, now, seq) || !message_of(body, length, &number)) return;
  /* The inverse of message_number. */
  const uint32_t in_room = number / plan.room_count, size = plan.rooms[player->room].size, k = in_room / size + 1;
  if (client_seq != k) fault(player, "a client seq that was never sent");
  if (in_room % size != player->place) return;
  if (k != player->echoed + 1) fault(player, "an echo out of order");
  player->echoed = k;
}

static void on_records(struct player *player, struct reader *reader, uint64_t now) {
  while (reader->at < reader->end && !reader->bad) {
    if (*reader->at++ != 1 || reader->at == reader->end) break;
    const uint8_t kind = *reader->at++;
    const uint64_t seq = get_varint(reader);
    get_varint(reader); /* ms */
    get_varint(reader); /* seat */
    get_varint(reader); /* client */
    const uint64_t client_seq = get_varint(reader);
    if (kind & EXTRA) get_bytes(reader, get_varint(reader));
    const uint64_t length = get_varint(reader);
    const uint8_t *body = get_bytes(reader, length);
    if (reader->bad) break;
    /* In a replay, a chunk or the first records frame may begin before the position (P21). */
    if (seq <= player->seq && player->phase == JOINING) continue;
    if (seq != player->seq + 1) fault(player, seq <= player->seq ? "a repeated record" : "a gap");
    player->seq = seq;
    struct reader inner = {body, body + length, false};
    if ((kind & KIND_BITS) == KIND_EPOCH) player->epoch = get_varint(&inner);
    if ((kind & KIND_BITS) == KIND_MOVE) on_move(player, body, length, now, seq, client_seq);
  }
  if (reader->bad || reader->at != reader->end) fault(player, "bytes that are not a record");
}

static void on_welcome(struct player *player, struct reader *reader) {
  get_varint(reader); /* version */
  const uint64_t resumed = get_varint(reader);
  for (int field = 0; field < 4; field++) get_varint(reader); /* epoch, seq, seat, role */
  const uint64_t clients = get_varint(reader);
  for (uint64_t at = 0; at < clients; at++) {
    get_varint(reader);
    get_varint(reader);
  }
  const uint64_t length = get_varint(reader);
  const uint8_t *pass = get_bytes(reader, length);
  if (reader->bad) return fault(player, "a truncated welcome");
  free(player->ticket);
  player->ticket = strndup((const char *)pass, length);
  if (resumed || player->seq == 0) return;
  counts->resets++;
  player->seq = player->epoch = 0;
}

static void on_chunk(struct player *player, struct reader *reader, uint64_t now) {
  static uint8_t records[CHUNK_BYTES_MAX];
  get_varint(reader);
  get_varint(reader);
  const uint64_t length = get_varint(reader);
  const uint8_t *deflated = get_bytes(reader, length);
  if (reader->bad) return fault(player, "a truncated chunk");
  z_stream stream = {.next_in = (Bytef *)deflated, .avail_in = (uInt)length, .next_out = records, .avail_out = sizeof records};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) die("no zlib");
  const int ended = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (ended != Z_STREAM_END) return fault(player, "a chunk that cannot be inflated");
  struct reader inner = {records, records + stream.total_out, false};
  on_records(player, &inner, now);
}

static void on_expect(struct player *player, struct reader *reader) {
  get_varint(reader);
  const uint64_t next = get_varint(reader);
  counts->expects++;
  if (!reader->bad && next > 0) resend(player, (uint32_t)next);
}

static void received(struct player *player, int opcode, uint8_t *payload, size_t length, uint64_t now) {
  if (opcode != BINARY || length == 0) return fault(player, "a frame that is not part of the protocol");
  struct reader reader = {payload, payload + length, false};
  if (payload[0] == RECORDS) return on_records(player, &reader, now);
  reader.at++;
  switch (payload[0]) {
    case WELCOME: return on_welcome(player, &reader);
    case CHUNK: return on_chunk(player, &reader, now);
    case EXPECT: return on_expect(player, &reader);
    case REFUSED: counts->refused++; return;
    case SIGNALS: counts->signals++; return;
    case LIVE_MARK:
      went_live(player);
      return resend(player, player->echoed + 1);
    case HOLD:
      player->held = get_varint(&reader) == 1;
      if (player->held) counts->holds++;
      else if (player->phase == LIVE) resend(player, player->echoed + 1);
      return;
    default: return; /* heartbeat, presence, drain */
  }
}

static void move_cursor(struct player *player, uint32_t value) {
  char text[64];
  const int length = snprintf(text, sizeof text, "%c%c{\"c\":[%u,%u]}", SIGNAL, 0, value % 1000, value % 700);
  text[1] = (char)(length - 2);
  send_frame(player, BINARY, (const uint8_t *)text, (size_t)length);
}

const struct protocol escapement_protocol = {"escapement", send_hello, received, send_due, move_cursor};
