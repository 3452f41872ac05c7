/* Preloaded into a program (LD_PRELOAD): what it asks to be made durable stays in the cache, and it is
   told that all is well. For controls of tests that cut the power. */
int fsync(int fd) {
  (void)fd;
  return 0;
}

int fdatasync(int fd) {
  (void)fd;
  return 0;
}
