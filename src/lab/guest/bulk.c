/*
 * Much at once, through a disk that the controller and the guest share: a page at a time, as the ports carry it, is slow.
 *
 * `give SLOT COUNT COMMAND...` puts what the command prints on the disk, and `take SLOT COUNT COMMAND...` feeds the command
 * what is on it; both end as the command does. `take SLOT COUNT > FILE MODE` writes a file, without the detour. The disk has slots of a megabyte, COUNT of which, from SLOT on, are this
 * transfer's, and are used in turn. A line is told for each slot that was filled, with the number of bytes in it, on standard
 * output by `give` and on standard input of `take`; an empty one is the end. A byte comes back for each that was emptied. First of all
 * both read from the disk and tell one byte on standard output, so that a disk which hangs is known before it is relied on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agent.h"

#define SLOT (1L << 20)
#define SECTOR 4096

static char *slot;
static int disk;

static int failed(const char *what) {
  perror(what);
  return 125;
}

/* Fills the slot as far as there is something; -1 on an error. */
static ssize_t fill(int from) {
  ssize_t have = 0, count = 1;
  while (have < SLOT && (count = read(from, slot + have, SLOT - have)) > 0) have += count;
  return count < 0 ? -1 : have;
}

static int give(int from, long first, long count) {
  char byte;
  for (long turn = 0;; turn += 1) {
    ssize_t have = fill(from);
    if (have < 0) return failed("quarry: read");
    if (have > 0) {
      if (turn >= count && read(0, &byte, 1) != 1) return failed("quarry: nobody takes it");
      size_t whole = (have + SECTOR - 1) / SECTOR * SECTOR;
      if (pwrite(disk, slot, whole, (first + turn % count) * SLOT) != (ssize_t)whole) return failed("quarry: write to the disk");
    }
    if (dprintf(1, "%zd\n", have) < 0) return failed("quarry: tell");
    if (have == 0) return 0;
  }
}

static int take(int to, long first, long count) {
  char line[32];
  for (long turn = 0;; turn += 1) {
    size_t length = 0;
    line[0] = 0;
    while (length < sizeof line - 1 && read(0, line + length, 1) == 1 && line[length] != '\n') line[++length] = 0;
    if (line[length] != '\n') return failed("quarry: the other end is gone");
    line[length] = 0;
    long have = atol(line);
    if (have == 0) return 0;
    if (have < 0 || have > SLOT) return failed("quarry: a slot too large");
    size_t whole = (have + SECTOR - 1) / SECTOR * SECTOR;
    if (pread(disk, slot, whole, (first + turn % count) * SLOT) != (ssize_t)whole) return failed("quarry: read from the disk");
    for (long at = 0, done; at < have; at += done) {
      if ((done = write(to, slot + at, have - at)) > 0) continue;
      /* When a command reads no more, its status says why. */
      return errno == EPIPE ? 0 : failed("quarry: write");
    }
    if (write(1, "+", 1) != 1) return failed("quarry: tell");
  }
}

int transfer(char **words) {
  int giving = strcmp(words[0], "give") == 0;
  char device[300];
  prctl(PR_SET_NAME, "quarry");
  signal(SIGPIPE, SIG_IGN);
  if (!find_disk("quarry-bulk", device, sizeof device, 0)) return failed("quarry: there is no disk quarry-bulk");
  disk = open(device, O_RDWR | O_DIRECT | O_CLOEXEC);
  slot = mmap(NULL, SLOT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (disk < 0 || slot == MAP_FAILED) return failed("quarry: open the disk");
  long first = atol(words[1]), count = atol(words[2]);
  if (pread(disk, slot, SECTOR, first * SLOT) != SECTOR) return failed("quarry: read from the disk");
  if (write(1, ".", 1) != 1) return failed("quarry: tell");
  if (strcmp(words[3], ">") == 0) {
    int file = open(words[4], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || fchmod(file, strtol(words[5], NULL, 8)) < 0) return failed(words[4]);
    int problem = take(file, first, count);
    return close(file) < 0 ? failed(words[4]) : problem;
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return failed("quarry: pipe");
  fcntl(ends[0], F_SETPIPE_SZ, SLOT);
  pid_t pid = vfork();
  if (pid == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(giving ? null : ends[0], 0);
    dup2(giving ? ends[1] : null, 1);
    signal(SIGPIPE, SIG_DFL);
    execvp(words[3], words + 3);
    dprintf(2, "%s: command not found\n", words[3]);
    _exit(127);
  }
  if (pid < 0) return failed("quarry: fork");
  close(ends[giving ? 1 : 0]);
  int problem = giving ? give(ends[0], first, count) : take(ends[1], first, count);
  close(ends[giving ? 0 : 1]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (problem != 0) return problem;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
