/*
 * What the parts of the load generator share.
 *
 *   load.c      the phases of a run, the schedule of sending, the report
 *   plan.c      reads the plan (its format stands there)
 *   player.c    one player's socket: connecting, frames in and out, coming back
 *   speech.c    what is said and heard: bare bytes, Socket.IO, Colyseus
 *   escapement.c  the same in Escapement's protocol, with every check it allows
 *   tally.c     deliveries, their latencies, and what is wrong with them
 *   turns.c     several processes that act as one, if one may not open enough sockets
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAMP_BYTES 8
/* Every body begins with the time of sending (ns, CLOCK_MONOTONIC) and the number of the message. */
#define BODY_BYTES_MIN 12
#define BODY_BYTES_MAX 16384
#define CLIENT_ID_BYTES 16

enum phase { ABSENT, CONNECTING, UPGRADING, JOINING, LIVE, WAITING };

struct player {
  int fd;
  enum phase phase;
  uint32_t room;
  uint32_t place; /* in the room */
  uint16_t port;
  const char *path;
  char *ticket; /* the pass, once there is one */
  /* Bytes of a frame that has not come whole, and bytes the kernel did not take. */
  uint8_t *rest, *unsent;
  uint32_t rest_length, unsent_length;
  /* Messages that are due so far, and those whose echo came. Message k of a player is its client seq k. */
  uint32_t due, echoed;
  /* Position reached in the room. */
  uint64_t epoch, seq;
  uint8_t id[CLIENT_ID_BYTES];
  bool opening;   /* connecting for the first time */
  bool announced; /* Socket.IO: the next binary frame is a message */
  bool held;      /* Escapement: the room cannot store just now */
  uint32_t failures;
  uint64_t again_at; /* WAITING: when to connect, ns */
};

struct speech {
  const char *name;
  void (*opened)(struct player *);
  void (*heard)(struct player *, int opcode, uint8_t *payload, size_t length, uint64_t now);
  void (*say)(struct player *, uint32_t message);
  /* null where there is no such thing */
  void (*cursor)(struct player *, uint32_t value);
};

struct room {
  uint32_t first, size;
};

struct plan {
  const struct speech *speech;
  double rate; /* messages per second of all rooms together; 0 = everybody is only there */
  uint32_t burst, body;
  uint32_t warmup_ms, measure_ms, settle_ms, connect_ms_max;
  double cursor_share, cursor_rate;
  uint32_t reconnect_first_ms, reconnect_max_ms; /* 0 = who is closed stays away */
  uint32_t opening, sources, version;
  struct player *players;
  struct room *rooms;
  uint32_t player_count, room_count;
};

extern struct plan plan;

/* plan.c */
void read_plan(const char *path);

/* load.c */
uint64_t now_ns(void);
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The number of a player's k-th message, k from 1: messages go to the rooms in turn, in a room to its players in turn. */
uint32_t message_number(const struct player *, uint32_t k);
uint64_t random_bits(void);

/* player.c */
void open_poll(void);
void connect_player(struct player *);
void reconnect_due(uint64_t now);
void send_frame(struct player *, int opcode, const uint8_t *payload, size_t length);
/* Two frames in one write. */
void send_frames(struct player *, int first_opcode, const void *first, size_t first_length, int opcode,
                 const uint8_t *payload, size_t length);
void went_live(struct player *);
/* Takes what came in, waits up to timeout_ms if there is nothing; false if there was nothing. */
bool receive(int timeout_ms);

/* tally.c */
void make_tally(uint32_t messages);
/* The body of a message; the time it carries is the one it was first sent at. */
void write_body(uint8_t *body, uint32_t message);
/* Counts a delivery. seq 0 = the server numbers nothing. False if the body is none of this run or wrong here. */
bool delivered(struct player *, const uint8_t *body, size_t length, uint64_t now, uint64_t seq);
/* How much later than planned a message was sent, ns. */
void count_late(uint64_t ns);
/* Whether every measured message came to everybody. */
bool everything_came(void);
bool message_of(const uint8_t *body, size_t length, uint32_t *message);
void print_report(double seconds);

/* Everything that is counted; one for all processes. */
struct counts {
  uint32_t live, opening;     /* players now */
  uint32_t first, last;       /* messages from first up to last are measured */
  bool measuring;
  uint64_t delivered, during, faults, repeated, signals; /* during: came in the measured stretch, whenever they were sent */
  uint32_t closed, refused, holds, expects, resets, reconnects;
  /* Since the first player lost its connection, ns; 0 = not yet. */
  uint64_t lost_at, half_at, most_at, all_at;
  uint32_t away_most;
  uint64_t busy_ns;
  char fault[256]; /* the first one, in words */
};
extern struct counts *counts;
void fault(const struct player *, const char *what);

/* turns.c */
void *shared(size_t bytes);
/* Splits the players among as many processes as the limit of open files asks for; answers which of them this one is. */
void split(void);
bool is_mine(const struct player *);
bool is_first(void);
/* Lets the other processes have their turn. */
void pass_turn(void);
void end_turns(void);

extern const struct speech relay_speech, escapement_speech, socketio_speech, colyseus_speech;

#endif
