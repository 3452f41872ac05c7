/* Preloaded into a program (LD_PRELOAD): counts its send calls, for tests of the number of writes per frame. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/socket.h>

static long sends;

long sends_so_far(void) { return sends; }

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
  ssize_t (*real)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
  sends++;
  return real(fd, bytes, length, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  ssize_t (*real)(int, const struct msghdr *, int) = dlsym(RTLD_NEXT, "sendmsg");
  sends++;
  return real(fd, message, flags);
}
