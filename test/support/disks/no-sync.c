/* For LD_PRELOAD: fsync and fdatasync return success without syncing, so data stays in the page cache. For control
   runs of power cut tests. */
int fsync(int fd) {
  (void)fd;
  return 0;
}

int fdatasync(int fd) {
  (void)fd;
  return 0;
}
