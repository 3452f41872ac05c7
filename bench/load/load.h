/*
 * Declarations that the parts of the load generator share.
 *
 *   load.c        the phases of a run, the schedule of sending
 *   plan.c        reads the plan, and describes its format
 *   player.c      one player's socket: connect, frames in and out, reconnect
 *   protocols.c   the protocols of the other servers: plain bytes, Socket.IO, Colyseus
 *   escapement.c  Escapement's protocol, with all checks that it makes possible
 *   tally.c       deliveries, their latencies and faults, the report
 *   token.c       several processes that take turns, if one process may not open enough sockets
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAMP_BYTES 8
/* A body begins with the time of sending (ns, CLOCK_MONOTONIC, 8 bytes) and the number of the message (4 bytes). */
#define BODY_BYTES_MIN 12
#define BODY_BYTES_MAX 16384
#define CLIENT_ID_BYTES 16

enum phase { ABSENT, CONNECTING, UPGRADING, JOINING, LIVE, WAITING };

struct player {
  int fd;
  enum phase phase;
  uint32_t room;
  uint32_t place; /* index in the room */
  uint16_t port;
  const char *path;
  char *ticket; /* after the first welcome: the pass */
  /* Bytes of a frame that is not complete, and bytes that the kernel has not accepted. */
  uint8_t *rest, *unsent;
  uint32_t rest_length, unsent_length;
  /* Messages that are due so far, and messages whose echo was received. A player's message k has client seq k. */
  uint32_t due, echoed;
  /* The position in the room. */
  uint64_t epoch, seq;
  uint8_t id[CLIENT_ID_BYTES];
  bool opening;   /* connecting for the first time */
  bool announced; /* Socket.IO: the next binary frame is a message */
  bool held;      /* Escapement: the room sent hold, it cannot store at the moment */
  uint32_t failures;
  uint64_t reconnect_at; /* while WAITING, ns */
};

struct protocol {
  const char *name;
  /* The WebSocket is open. */
  void (*opened)(struct player *);
  /* A text or binary frame was received. */
  void (*received)(struct player *, int opcode, uint8_t *payload, size_t length, uint64_t now);
  /* The message is due, and the player is live. */
  void (*send_due)(struct player *, uint32_t message);
  /* NULL if the protocol has no cursors. */
  void (*cursor)(struct player *, uint32_t value);
};

struct room {
  uint32_t first, size;
};

struct plan {
  const struct protocol *protocol;
  double rate; /* messages per second of all rooms together; 0 = all players stay idle */
  uint32_t burst, body;
  uint32_t warmup_ms, measure_ms, settle_ms, connect_ms_max;
  double cursor_share, cursor_rate;
  uint32_t reconnect_first_ms, reconnect_max_ms; /* 0 = no reconnects */
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
/* The number of a player's k-th message, k from 1. Messages are numbered round robin over the rooms, and within a room
   round robin over its players. */
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
/* Reads what was received, after waiting at most timeout_ms for it; false if there was nothing. */
bool receive(int timeout_ms);

/* tally.c */
void make_tally(uint32_t messages);
/* Writes the body of a message. A resend carries the time of the first send. */
void write_body(uint8_t *body, uint32_t message);
/* Counts a delivery; seq is 0 if the server has no seqs. False if the body is unknown, changed or out of place. */
bool delivered(struct player *, const uint8_t *body, size_t length, uint64_t now, uint64_t seq);
/* `ns`: how much later than planned a message was sent. */
void add_lateness(uint64_t ns);
/* True if every measured message was delivered to every player of its room. */
bool all_delivered(void);
/* Reads the number of a message; false if the body is not one of this run. */
bool message_of(const uint8_t *body, size_t length, uint32_t *message);
void print_report(double seconds);

/* All counters, shared by all processes. */
struct counts {
  uint32_t live, opening;     /* players now */
  uint32_t first, last;       /* messages from first up to last are measured */
  bool measuring;
  uint64_t delivered, during, faults, repeated, signals; /* during: received in the measured stretch, whenever sent */
  uint32_t closed, refused, holds, expects, resets, reconnects;
  /* When the first connection was lost, and when half, 99 % and all of the players were live again; 0 = not yet. */
  uint64_t lost_at, half_at, back_99_at, all_at;
  uint32_t away_max;
  uint64_t busy_ns;
  char fault[256]; /* a description of the first one */
};
extern struct counts *counts;
void fault(const struct player *, const char *what);

/* token.c */
/* Zeroed memory that forked processes share. */
void *shared_memory(size_t bytes);
/* Forks as many processes as the limit of open files requires, and divides the players among them. */
void fork_processes(void);
/* True if this process has the player's socket. */
bool is_own(const struct player *);
/* True in exactly one process, which leads the run. */
bool is_leader(void);
/* Lets the other processes run, and returns when it is this one's turn again. */
void pass_token(void);
void stop_processes(void);

extern const struct protocol relay_protocol, escapement_protocol, socketio_protocol, colyseus_protocol;

#endif
