/*
 * Takes memory, and gives some of it back whenever less than a reserve would be left for everybody else.
 *
 * Usage: hog MOST RESERVE, both in bytes; a MOST of 0 is no limit. Prints `ready BYTES` when it has taken what it may,
 * and then goes on to hold that level until it is killed. It dies with whoever started it, and if memory runs out after
 * all, the kernel takes it first.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (4UL << 20)

/* MemAvailable, in bytes: what can be had without swapping (Documentation/filesystems/proc.rst). */
static unsigned long available(void) {
  char text[512];
  int file = open("/proc/meminfo", O_RDONLY);
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) exit(2);
  text[length] = 0;
  char *line = strstr(text, "MemAvailable:");
  if (line == NULL) exit(2);
  return strtoul(line + 13, NULL, 10) << 10;
}

static void die_first(void) {
  int file = open("/proc/self/oom_score_adj", O_WRONLY);
  if (file < 0 || write(file, "1000", 4) != 4) perror("oom_score_adj");
  close(file);
}

int main(int argc, char **argv) {
  if (argc != 3) return 64;
  pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return 1;
  die_first();
  unsigned long most = strtoul(argv[1], NULL, 10), reserve = strtoul(argv[2], NULL, 10);
  unsigned long room = available() / CHUNK + 1024, held = 0;
  if (most != 0 && most / CHUNK < room) room = most / CHUNK + 1;
  void **chunks = calloc(room, sizeof *chunks);
  if (chunks == NULL) return 1;
  for (int said = 0;;) {
    unsigned long left = available();
    int full = 1;
    if (left < reserve && held > 0) {
      munmap(chunks[--held], CHUNK);
      full = 0;
    } else if (held < room && (most == 0 || (held + 1) * CHUNK <= most) && left >= reserve + CHUNK) {
      void *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (chunk != MAP_FAILED) {
        /* Not zeros, and no two pages alike: neither zram nor KSM shall make it small. */
        for (unsigned long word = 0; word < CHUNK / sizeof word; word++)
          ((unsigned long *)chunk)[word] = (word + held * 7919 + 1) * 0x9e3779b97f4a7c15UL;
        chunks[held++] = chunk;
        continue;
      }
    }
    /* Also when the kernel refuses more, by a limit or where it promises no more than it has (overcommit_memory 2). */
    if (full && !said) {
      printf("ready %lu\n", held * CHUNK);
      fflush(stdout);
      said = 1;
    }
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
  }
}
