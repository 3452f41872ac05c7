/*
 * The protocols of the other servers. A relay sends the bytes of a message to all players of the room, the sender
 * included. It has no seqs, so the only check is that each player receives each message once.
 */
#include "load.h"

#define TEXT 1
#define BINARY 2

static void relay_opened(struct player *player) { went_live(player); }

static void relay_received(struct player *player, int opcode, uint8_t *payload, size_t length, uint64_t now) {
  if (opcode == BINARY) delivered(player, payload, length, now, 0);
}

static void relay_send(struct player *player, uint32_t message) {
  uint8_t body[BODY_BYTES_MAX];
  write_body(body, message);
  send_frame(player, BINARY, body, plan.body);
}

const struct protocol relay_protocol = {"relay", relay_opened, relay_received, relay_send, 0};

/* Socket.IO over Engine.IO 4: "0" opens, "40" joins the namespace, "2" and "3" are the heartbeat. An event with one
   binary argument is a text frame that announces it, followed by a binary frame with the bytes. */
static const char announcement[] = "451-[\"m\",{\"_placeholder\":true,\"num\":0}]";

static void do_nothing(struct player *player) { (void)player; }

static void socketio_received(struct player *player, int opcode, uint8_t *payload, size_t length, uint64_t now) {
  if (opcode == BINARY) {
    if (player->announced) delivered(player, payload, length, now, 0);
    player->announced = false;
  } else if (length >= 1 && payload[0] == '0') {
    send_frame(player, TEXT, (const uint8_t *)"40", 2);
  } else if (length >= 1 && payload[0] == '2') {
    send_frame(player, TEXT, (const uint8_t *)"3", 1);
  } else if (length >= 2 && payload[0] == '4' && payload[1] == '0') {
    went_live(player);
  } else if (length >= 2 && payload[0] == '4' && payload[1] == '5') {
    player->announced = true;
  } else {
    fault(player, "an unexpected packet");
  }
}

static void socketio_send(struct player *player, uint32_t message) {
  uint8_t body[BODY_BYTES_MAX];
  write_body(body, message);
  send_frames(player, TEXT, announcement, sizeof announcement - 1, BINARY, body, plan.body);
}

const struct protocol socketio_protocol = {"socketio", do_nothing, socketio_received, socketio_send, 0};

/* Colyseus: the server sends JOIN_ROOM, which the client confirms. A message of bytes has a type, here "m". */
enum { JOIN_ROOM = 10, ROOM_DATA_BYTES = 17 };
static const uint8_t typed[] = {ROOM_DATA_BYTES, 0xa1, 'm'};

static void colyseus_received(struct player *player, int opcode, uint8_t *payload, size_t length, uint64_t now) {
  if (opcode != BINARY || length == 0) return fault(player, "an unexpected frame");
  if (payload[0] == JOIN_ROOM) {
    send_frame(player, BINARY, payload, 1);
    went_live(player);
  } else if (payload[0] == ROOM_DATA_BYTES && length > sizeof typed) {
    delivered(player, payload + sizeof typed, length - sizeof typed, now, 0);
  }
}

static void colyseus_send(struct player *player, uint32_t message) {
  uint8_t frame[BODY_BYTES_MAX + sizeof typed];
  for (size_t at = 0; at < sizeof typed; at++) frame[at] = typed[at];
  write_body(frame + sizeof typed, message);
  send_frame(player, BINARY, frame, sizeof typed + plan.body);
}

const struct protocol colyseus_protocol = {"colyseus", do_nothing, colyseus_received, colyseus_send, 0};
