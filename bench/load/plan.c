/*
 * Reads the plan: plain text, one setting or player per line, words separated by single spaces. Lines that begin with
 * `#` are comments. Defaults in brackets.
 *
 *   protocol relay|escapement|socketio|colyseus
 *   version <n>              escapement: the protocol version in hello (1)
 *   rate <messages/s>        of all rooms together; 0 = all players connect and stay idle (0)
 *   burst <n>                messages are sent in groups of n; the mean rate stays the same (1)
 *   body <bytes>             of a message, 12 … 16384 (135)
 *   warmup-ms <n>            time of sending before the measured stretch (2000)
 *   measure-ms <n>           length of the measured stretch (10000)
 *   settle-ms <n>            afterwards, at most this long for deliveries that are on their way (3000)
 *   connect-ms-max <n>       all players must be live by then (120000)
 *   cursors <share> <n>      this share of the players, another one each second, sends n cursor signals per second
 *   reconnect <first> <max>  a player whose connection ends reconnects: backoff with full jitter, ms; without this
 *                            setting it stays away and is counted
 *   opening <n>              at most this many connections are being opened at a time (64)
 *   sources <n>              players connect from the addresses 127.0.0.1 … 127.0.0.n (1)
 *   room                     begins a room: the players on the next lines are in it
 *   player <port> <path> <ticket>   the ticket only if the protocol needs one
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAYERS_MAX 200000
#define LINE_BYTES_MAX 4096

struct plan plan = {
    .burst = 1,
    .body = 135,
    .warmup_ms = 2000,
    .measure_ms = 10000,
    .settle_ms = 3000,
    .connect_ms_max = 120000,
    .opening = 64,
    .sources = 1,
    .version = 1,
};

static const struct protocol *const protocols[] = {&relay_protocol, &escapement_protocol, &socketio_protocol,
                                                &colyseus_protocol};

static struct {
  const char *name;
  uint32_t *value;
} const numbers[] = {
    {"version", &plan.version},       {"burst", &plan.burst},
    {"body", &plan.body},             {"warmup-ms", &plan.warmup_ms},
    {"measure-ms", &plan.measure_ms}, {"settle-ms", &plan.settle_ms},
    {"opening", &plan.opening},       {"sources", &plan.sources},
    {"connect-ms-max", &plan.connect_ms_max},
};

static bool set_protocol(const char *name) {
  for (size_t at = 0; at < sizeof protocols / sizeof *protocols; at++) {
    if (strcmp(protocols[at]->name, name) == 0) plan.protocol = protocols[at];
  }
  return plan.protocol != NULL;
}

static bool set_number(const char *name, const char *value) {
  for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++) {
    if (strcmp(numbers[at].name, name) != 0) continue;
    *numbers[at].value = (uint32_t)strtoul(value, NULL, 10);
    return true;
  }
  return false;
}

static bool add_player(char *words) {
  const char *port = strtok(words, " ");
  const char *path = strtok(NULL, " ");
  const char *ticket = strtok(NULL, " ");
  if (path == NULL || plan.room_count == 0 || plan.player_count == PLAYERS_MAX) return false;
  struct room *room = &plan.rooms[plan.room_count - 1];
  plan.players[plan.player_count++] = (struct player){
      .fd = -1,
      .room = plan.room_count - 1,
      .place = room->size++,
      .port = (uint16_t)strtoul(port, NULL, 10),
      .path = strdup(path),
      .ticket = strdup(ticket == NULL ? "" : ticket),
  };
  return true;
}

static bool read_line(char *line) {
  if (line[0] == '#' || line[0] == 0) return true;
  if (strcmp(line, "room") == 0) {
    if (plan.room_count == PLAYERS_MAX) return false;
    plan.rooms[plan.room_count++] = (struct room){.first = plan.player_count};
    return true;
  }
  char *value = strchr(line, ' ');
  if (value == NULL) return false;
  *value++ = 0;
  if (strcmp(line, "player") == 0) return add_player(value);
  if (strcmp(line, "protocol") == 0) return set_protocol(value);
  if (strcmp(line, "rate") == 0) return sscanf(value, "%lf", &plan.rate) == 1;
  if (strcmp(line, "cursors") == 0) return sscanf(value, "%lf %lf", &plan.cursor_share, &plan.cursor_rate) == 2;
  if (strcmp(line, "reconnect") == 0) {
    return sscanf(value, "%u %u", &plan.reconnect_first_ms, &plan.reconnect_max_ms) == 2;
  }
  return set_number(line, value);
}

void read_plan(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) die("%s: cannot be read", path);
  plan.players = calloc(PLAYERS_MAX, sizeof *plan.players);
  plan.rooms = calloc(PLAYERS_MAX, sizeof *plan.rooms);
  char line[LINE_BYTES_MAX];
  for (int number = 1; fgets(line, sizeof line, file) != NULL; number++) {
    line[strcspn(line, "\n")] = 0;
    if (!read_line(line)) die("%s:%d: unknown setting or bad value", path, number);
  }
  fclose(file);
  if (plan.protocol == NULL || plan.player_count == 0) die("%s: no protocol or no players", path);
  if (plan.body < BODY_BYTES_MIN || plan.body > BODY_BYTES_MAX) die("%s: body is out of range", path);
  if (plan.burst == 0 || plan.opening == 0 || plan.sources == 0) die("%s: burst, opening and sources must be at least 1", path);
  for (uint32_t room = 0; room < plan.room_count; room++) {
    if (plan.rooms[room].size == 0) die("%s: a room without players", path);
  }
}
