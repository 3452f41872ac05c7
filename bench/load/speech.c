/*
 * What players say to the other servers. Bare bytes to the relays: whatever is sent comes back, and to everybody in the
 * room. There is nothing to check but that each message comes to each player, once.
 */
#include "load.h"

#define TEXT 1
#define BINARY 2

static void relay_opened(struct player *player) { went_live(player); }

static void relay_heard(struct player *player, int opcode, uint8_t *payload, size_t length, uint64_t now) {
  if (opcode == BINARY) delivered(player, payload, length, now, 0);
}

static void relay_say(struct player *player, uint32_t message) {
  uint8_t body[BODY_BYTES_MAX];
  write_body(body, message);
  send_frame(player, BINARY, body, plan.body);
}

const struct speech relay_speech = {"relay", relay_opened, relay_heard, relay_say, 0};

/* Socket.IO over Engine.IO 4: "0" opens, "40" joins the namespace, "2" and "3" are the heartbeat, and an event with one
   binary argument is a text frame that announces it and the bytes in a frame of their own. */
static const char announcement[] = "451-[\"m\",{\"_placeholder\":true,\"num\":0}]";

static void nothing(struct player *player) { (void)player; }

static void socketio_heard(struct player *player, int opcode, uint8_t *payload, size_t length, uint64_t now) {
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
    fault(player, "a packet that was not expected");
  }
}

static void socketio_say(struct player *player, uint32_t message) {
  uint8_t body[BODY_BYTES_MAX];
  write_body(body, message);
  send_frames(player, TEXT, announcement, sizeof announcement - 1, BINARY, body, plan.body);
}

const struct speech socketio_speech = {"socketio", nothing, socketio_heard, socketio_say, 0};

/* Colyseus: the server says when the room is joined and wants that confirmed; a message of bytes has a type, here "m". */
enum { JOIN_ROOM = 10, ROOM_DATA_BYTES = 17 };
static const uint8_t typed[] = {ROOM_DATA_BYTES, 0xa1, 'm'};

static void colyseus_heard(struct player *player, int opcode, uint8_t *payload, size_t length, uint64_t now) {
  if (opcode != BINARY || length == 0) return fault(player, "a frame that was not expected");
  if (payload[0] == JOIN_ROOM) {
    send_frame(player, BINARY, payload, 1);
    went_live(player);
  } else if (payload[0] == ROOM_DATA_BYTES && length > sizeof typed) {
    delivered(player, payload + sizeof typed, length - sizeof typed, now, 0);
  }
}

static void colyseus_say(struct player *player, uint32_t message) {
  uint8_t frame[BODY_BYTES_MAX + sizeof typed];
  for (size_t at = 0; at < sizeof typed; at++) frame[at] = typed[at];
  write_body(frame + sizeof typed, message);
  send_frame(player, BINARY, frame, sizeof typed + plan.body);
}

const struct speech colyseus_speech = {"colyseus", nothing, colyseus_heard, colyseus_say, 0};
