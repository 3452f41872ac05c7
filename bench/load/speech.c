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
