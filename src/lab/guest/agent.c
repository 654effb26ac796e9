/*
 * Quarry's agent in a guest: process 1, from the first instruction of user space on.
 *
 * It makes a root file system out of a read-only disk and a file system in memory, and then obeys the controller over two
 * virtio-serial ports, so that neither a cut network nor a hung disk blinds Quarry. What may block is done by other
 * processes than this one; it has its memory locked and a real-time priority, and answers while anything at all runs.
 *
 * Port quarry.commands carries frames in both directions: length of the payload, stream, type (3 x 32 bits, little endian),
 * payload. A stream is one command. Each side sends no more output (input) of a stream than the other has granted.
 * Port quarry.files carries questions about small files and their answers, as node/agent-scripts.ts describes them.
 * What is large goes through a disk, when that works (bulk.c).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "agent.h"

enum { START = 1, INPUT, SIGNAL, GRANT, STOP, CLOSE, PING, CLOCK };            /* of the controller */
enum { STARTED = 1, OUTPUT, ERRORS, TAKEN, EXIT, STOPPED, PONG };             /* of this side */

#define HEADER 12
#define MOST_PAYLOAD (64 << 10)
#define MOST_STREAMS 512
#define LOOK_MS 20
#define CGROUPS "/sys/fs/cgroup/quarry"

static void say(const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text - 1, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof text - 2) length = sizeof text - 2;
  text[length++] = '\n';
  int console = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  if (console < 0) console = open("/dev/console", O_WRONLY | O_CLOEXEC);
  if (console >= 0 && write(console, text, length) < 0) {}
  if (console >= 0) close(console);
}

/* Nothing can go on without it: the kernel's panic tells the controller. */
static void fatal(const char *what) {
  say("quarry: cannot %s: %s", what, strerror(errno));
  _exit(1);
}

static int64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

static ssize_t slurp(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t length = read(file, text, size - 1);
  close(file);
  if (length >= 0) text[length] = 0;
  return length;
}

static int spit(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t length = write(file, text, strlen(text));
  close(file);
  return length < 0 ? -1 : 0;
}

/* ---- Boot ------------------------------------------------------------------------------------------------------ */

static void load_modules(void) {
  FILE *list = fopen("/modules/order", "re");
  char name[256], path[300];
  if (list == NULL) return;
  while (fgets(name, sizeof name, list) != NULL) {
    name[strcspn(name, "\n")] = 0;
    snprintf(path, sizeof path, "/modules/%s", name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || (syscall(SYS_finit_module, file, "", 0) < 0 && errno != EEXIST))
      say("quarry: cannot load %s: %s", name, strerror(errno));
    if (file >= 0) close(file);
  }
  fclose(list);
}

int find_disk(const char *serial, char *device, size_t size, int patience_ms) {
  for (int64_t until = now_ms() + patience_ms;;) {
    DIR *disks = opendir("/sys/block");
    struct dirent *entry;
    char path[300], text[64];
    while (disks != NULL && (entry = readdir(disks)) != NULL) {
      snprintf(path, sizeof path, "/sys/block/%s/serial", entry->d_name);
      if (slurp(path, text, sizeof text) <= 0) continue;
      text[strcspn(text, "\n")] = 0;
      if (strcmp(text, serial) != 0) continue;
      snprintf(device, size, "/dev/%s", entry->d_name);
      closedir(disks);
      return 1;
    }
    if (disks != NULL) closedir(disks);
    if (now_ms() > until) return 0;
    usleep(2000);
  }
}

static void make_root(void) {
  char device[300];
  mkdir("/proc", 0755);
  mkdir("/sys", 0755);
  mkdir("/dev", 0755);
  if (mount("proc", "/proc", "proc", 0, NULL) < 0) fatal("mount /proc");
  if (mount("sysfs", "/sys", "sysfs", 0, NULL) < 0) fatal("mount /sys");
  if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) < 0 && errno != EBUSY) fatal("mount /dev");
  load_modules();
  if (!find_disk("quarry-root", device, sizeof device, 20000)) fatal("find the disk quarry-root");
  mkdir("/lower", 0755);
  mkdir("/over", 0755);
  mkdir("/new", 0755);
  if (mount(device, "/lower", "ext4", MS_RDONLY | MS_NOATIME, "noload") < 0) fatal("mount the root disk");
  if (mount("tmpfs", "/over", "tmpfs", 0, "mode=755,size=80%") < 0) fatal("mount a tmpfs");
  mkdir("/over/upper", 0755);
  mkdir("/over/work", 0755);
  if (mount("overlay", "/new", "overlay", 0, "lowerdir=/lower,upperdir=/over/upper,workdir=/over/work") < 0)
    fatal("mount an overlay");
  if (find_disk("quarry-modules", device, sizeof device, 0)) {
    mkdir("/new/lib/modules", 0755);
    if (mount(device, "/new/lib/modules", "ext4", MS_RDONLY | MS_NOATIME, "noload") < 0)
      say("quarry: cannot mount the modules: %s", strerror(errno));
  }
  const char *moved[] = {"/proc", "/sys", "/dev"};
  for (int i = 0; i < 3; i += 1) {
    char to[32];
    snprintf(to, sizeof to, "/new%s", moved[i]);
    mkdir(to, 0755);
    if (mount(moved[i], to, NULL, MS_MOVE, NULL) < 0) fatal("move a mount");
  }
  if (chdir("/new") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
    fatal("change the root");
}

static void mount_rest(void) {
  static const struct { const char *type, *path, *options; } mounts[] = {
      {"tmpfs", "/run", "mode=755"},
      {"devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666"},
      {"tmpfs", "/dev/shm", "mode=1777"},
      {"cgroup2", "/sys/fs/cgroup", NULL},
      {"debugfs", "/sys/kernel/debug", NULL},
      {"tracefs", "/sys/kernel/tracing", NULL},
      {"bpf", "/sys/fs/bpf", NULL},
  };
  for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i += 1) {
    mkdir(mounts[i].path, 0755);
    /* A kernel may have been made without one: whoever needs it says so. */
    mount(mounts[i].type, mounts[i].path, mounts[i].type, MS_NOSUID | MS_NOEXEC, mounts[i].options);
  }
  mkdir("/run/lock", 01777);
  mkdir("/quarry", 0755);
  mkdir("/quarry/scratch", 0755);
  mkdir("/quarry/artifacts", 0755);
  if (symlink("/proc/self/fd", "/dev/fd") < 0) {}
  if (symlink("/proc/self/fd/0", "/dev/stdin") < 0) {}
  if (symlink("/proc/self/fd/1", "/dev/stdout") < 0) {}
  if (symlink("/proc/self/fd/2", "/dev/stderr") < 0) {}
  /* Controllers for what the guest runs itself, as far as the kernel has them. */
  static const char *controllers[] = {"+cpu", "+io", "+memory", "+pids"};
  for (int i = 0; i < 4; i += 1) spit("/sys/fs/cgroup/cgroup.subtree_control", controllers[i]);
  mkdir(CGROUPS, 0755);
  int socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "lo"};
  if (socket_ >= 0) {
    request.ifr_flags = IFF_UP;
    ioctl(socket_, SIOCSIFFLAGS, &request);
    close(socket_);
  }
}

/* The character device of the port with this name. */
static int open_port(const char *wanted, int flags) {
  for (int64_t until = now_ms() + 20000; now_ms() < until; usleep(2000)) {
    DIR *ports = opendir("/sys/class/virtio-ports");
    struct dirent *entry;
    char path[400], text[64];
    while (ports != NULL && (entry = readdir(ports)) != NULL) {
      snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", entry->d_name);
      if (slurp(path, text, sizeof text) <= 0) continue;
      text[strcspn(text, "\n")] = 0;
      if (strcmp(text, wanted) != 0) continue;
      snprintf(path, sizeof path, "/dev/%s", entry->d_name);
      closedir(ports);
      int port = open(path, O_RDWR | O_CLOEXEC | flags);
      if (port >= 0) return port;
      ports = NULL;
      break;
    }
    if (ports != NULL) closedir(ports);
  }
  fatal("find the port of the controller");
  return -1;
}

/* ---- Small files ----------------------------------------------------------------------------------------------- */

struct text { char *bytes; size_t length, size; };

static char *room(struct text *text, size_t more) {
  if (text->length + more > text->size) {
    text->size = (text->length + more) * 2;
    text->bytes = realloc(text->bytes, text->size);
    if (text->bytes == NULL) fatal("get memory");
  }
  return text->bytes + text->length;
}

static void add(struct text *text, const void *bytes, size_t length) {
  memcpy(room(text, length), bytes, length);
  text->length += length;
}

static int add_file(struct text *text, const char *path, off_t offset, size_t most) {
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return -1;
  size_t start = text->length;
  ssize_t count = 1;
  if (offset > 0 && lseek(file, offset, SEEK_SET) < 0) count = -1;
  while (count > 0 && text->length - start < most) {
    size_t want = most - (text->length - start) < 65536 ? most - (text->length - start) : 65536;
    count = read(file, room(text, want), want);
    if (count > 0) text->length += count;
  }
  close(file);
  return count < 0 ? -1 : 0;
}

static int add_names(struct text *text, const char *path, int count_only) {
  DIR *directory = opendir(path);
  struct dirent *entry;
  long count = 0;
  if (directory == NULL) return -1;
  while ((entry = readdir(directory)) != NULL) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    count += 1;
    if (!count_only) add(text, entry->d_name, strlen(entry->d_name) + 1);
  }
  closedir(directory);
  char number[24];
  if (count_only) add(text, number, sprintf(number, "%ld", count));
  return 0;
}

/* Appends what one request asks of one path; -1 when there is nothing. */
static int look(struct text *text, char what, const char *path, long long first, long long second) {
  char line[4200];
  struct statfs space;
  struct stat stat_;
  struct timespec time;
  ssize_t length;
  switch (what) {
    case 't':
      return add_file(text, path, 0, 64 << 20);
    case 'l':
    case 'c':
      return add_names(text, path, what == 'c');
    case 'k':
      if ((length = readlink(path, line, sizeof line)) < 0) return -1;
      add(text, line, length);
      return 0;
    case 's':
      if (statfs(path, &space) < 0) return -1;
      add(text, line, sprintf(line, "%lld %llu %llu %llu %llu %llu\n", (long long)space.f_frsize,
                              (unsigned long long)space.f_blocks, (unsigned long long)space.f_bfree,
                              (unsigned long long)space.f_bavail, (unsigned long long)space.f_files,
                              (unsigned long long)space.f_ffree));
      return 0;
    case 'p':
      if (stat(path, &stat_) < 0) return -1;
      add(text, line, sprintf(line, "%llu %lld\n", (unsigned long long)stat_.st_ino, (long long)stat_.st_size));
      return add_file(text, path, first, second);
    case 'm': {
      size_t before = text->length;
      if (second < 0 || second > 64 << 20 || add_file(text, path, first, second) < 0) return -1;
      return text->length - before == (size_t)second ? 0 : -1;
    }
    case 'n':
      clock_gettime(CLOCK_REALTIME, &time);
      add(text, line, sprintf(line, "%lld", (long long)time.tv_sec * 1000000000LL + time.tv_nsec));
      return 0;
  }
  return -1;
}

/* One item for each path that a pattern stands for: `#` as a component is every number. */
static void every(struct text *answer, char what, const char *path, const char *rest, long long first,
                  long long second) {
  const char *hash = strstr(path, "/#");
  while (hash != NULL && hash[2] != 0 && hash[2] != '/') hash = strstr(hash + 1, "/#");
  if (hash == NULL) {
    static struct text found;
    char line[4500];
    found.length = 0;
    int ok = look(&found, what, path, first, second) == 0;
    add(answer, line, snprintf(line, sizeof line, "%lld\t%c\t%s%s\n", ok ? (long long)found.length : -1LL, what, path, rest));
    if (ok) add(answer, found.bytes, found.length);
    return;
  }
  char full[4200];
  snprintf(full, sizeof full, "%.*s", (int)(hash - path), path);
  DIR *directory = opendir(full);
  struct dirent *entry;
  while (directory != NULL && (entry = readdir(directory)) != NULL) {
    if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name)) continue;
    snprintf(full, sizeof full, "%.*s/%.20s%s", (int)(hash - path), path, entry->d_name, hash + 2);
    every(answer, what, full, rest, first, second);
  }
  if (directory != NULL) closedir(directory);
}

static void put_all(int port, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = write(port, bytes, length);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return;
    if (count <= 0) {
      usleep(1000);
      continue;
    }
    bytes += count;
    length -= count;
  }
}

static void serve_files(void) {
  int port = open_port("quarry.files", 0);
  static char input[65536];
  struct text answer = {0};
  size_t have = 0;
  for (;;) {
    ssize_t count = read(port, input + have, sizeof input - have);
    if (count <= 0) {
      /* Nobody is at the other end. What was half said before is of no use to whoever comes next. */
      have = 0;
      answer.length = 0;
      usleep(2000);
      continue;
    }
    have += count;
    char *line = input, *end;
    while ((end = memchr(line, '\n', input + have - line)) != NULL) {
      *end = 0;
      if (*line == 0) {
        char length[24];
        put_all(port, length, sprintf(length, "%zu\n", answer.length));
        put_all(port, answer.bytes, answer.length);
        answer.length = 0;
      } else if (line[1] == '\t') {
        long long first = 0, second = 0;
        char rest[64] = "", *tab = strchr(line + 2, '\t');
        if (tab != NULL) {
          snprintf(rest, sizeof rest, "%s", tab);
          sscanf(tab, "\t%lld\t%lld", &first, &second);
          *tab = 0;
        }
        every(&answer, line[0], line + 2, rest, first, second);
      }
      line = end + 1;
    }
    have -= line - input;
    memmove(input, line, have);
    if (have == sizeof input) have = 0;
  }
}

/* ---- Commands -------------------------------------------------------------------------------------------------- */

struct stream {
  uint32_t id;
  pid_t pid;                       /* of the command, while it has not ended */
  int cgroup;                      /* whether it has a control group of its own */
  int in, out[2];                  /* ends of its pipes, -1 when closed; output and errors */
  int64_t granted[2];              /* bytes that may still be sent of each */
  char *queue;                     /* input that it has not read */
  size_t queued;
  int input_ended, exited, stopping;
  pid_t leader;
  int64_t kill_ms;
};

static struct stream *streams[MOST_STREAMS];
static int port;
static int has_cgroups;
static char outgoing[1 << 20];
static size_t waiting;

static void send_frame(uint32_t id, uint32_t type, const void *payload, uint32_t length) {
  uint32_t header[3] = {length, id, type};
  if (waiting + HEADER + length > sizeof outgoing) return; /* never: output is read only while there is room */
  memcpy(outgoing + waiting, header, HEADER);
  if (length > 0) memcpy(outgoing + waiting + HEADER, payload, length);
  waiting += HEADER + length;
}

static struct stream *stream_of(uint32_t id) {
  for (int i = 0; i < MOST_STREAMS; i += 1)
    if (streams[i] != NULL && streams[i]->id == id) return streams[i];
  return NULL;
}

static void close_end(int *end) {
  if (*end >= 0) close(*end);
  *end = -1;
}

static void forget(struct stream *stream) {
  char path[64];
  close_end(&stream->in);
  close_end(&stream->out[0]);
  close_end(&stream->out[1]);
  /* Stays while something that the command left in the background is in it. */
  snprintf(path, sizeof path, CGROUPS "/%u", stream->id);
  if (stream->cgroup) rmdir(path);
  for (int i = 0; i < MOST_STREAMS; i += 1)
    if (streams[i] == stream) streams[i] = NULL;
  free(stream->queue);
  free(stream);
}

static void fail_start(uint32_t id, const char *why) {
  int32_t status = 126 << 8;
  send_frame(id, STARTED, "\0\0\0", 4);
  send_frame(id, ERRORS, why, strlen(why));
  send_frame(id, EXIT, &status, 4);
  send_frame(id, OUTPUT, "", 0);
  send_frame(id, ERRORS, "", 0);
  send_frame(id, STOPPED, "", 0);
}

/* In the new process. */
static void become(char *directory, char **environment, char **arguments, int in, int out, int err) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  setsid();
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  spit("/proc/self/oom_score_adj", "0");
  if (chdir(directory) < 0) {
    dprintf(2, "cannot start %s: the directory %s does not exist\n", arguments[0], directory);
    _exit(126);
  }
  /* The program is looked for where the command's own PATH says. */
  environ = environment;
  execvp(arguments[0], arguments);
  int missing = errno == ENOENT;
  if (missing) dprintf(2, "%s: command not found\n", arguments[0]);
  else dprintf(2, "cannot start %s: %s\n", arguments[0], strerror(errno));
  _exit(missing ? 127 : 126);
}

/* Straight into a control group of its own, where the kernel can do that: moving it there later would take long. */
static pid_t fork_into(int cgroup) {
  struct clone_args arguments = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = cgroup};
  if (cgroup >= 0) {
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid >= 0 || errno != ENOSYS) return pid;
  }
  return fork();
}

/* Payload: whether there will be input, directory, number of variables, variables, arguments, each with a NUL behind. */
static void start(uint32_t id, char *payload, uint32_t length) {
  int slot = 0, count = 0, in[2] = {-1, -1}, out[2], err[2];
  char *words[4096];
  for (char *at = payload; at < payload + length && count < 4094; at += strlen(at) + 1) words[count++] = at;
  words[count] = NULL;
  int variables = count > 2 ? atoi(words[2]) : -1;
  if (variables < 0 || 3 + variables >= count || count >= 4094) return fail_start(id, "quarry: a command line too long\n");
  while (slot < MOST_STREAMS && streams[slot] != NULL) slot += 1;
  if (slot == MOST_STREAMS) return fail_start(id, "quarry: too many commands at once\n");
  static char *environment[4096];
  memcpy(environment, words + 3, variables * sizeof *environment);
  environment[variables] = NULL;
  int has_input = words[0][0] == '1';
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if ((has_input && pipe2(in, O_CLOEXEC) < 0) || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
    return fail_start(id, "quarry: no more open files\n");
  char path[64];
  snprintf(path, sizeof path, CGROUPS "/%u", id);
  int cgroup = has_cgroups && mkdir(path, 0755) == 0 ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  pid_t pid = fork_into(cgroup);
  if (pid == 0) become(words[1], environment, words + 3 + variables, has_input ? in[0] : null, out[1], err[1]);
  if (cgroup >= 0) close(cgroup);
  close(null);
  close(out[1]);
  close(err[1]);
  if (has_input) close(in[0]);
  if (pid < 0) {
    close(out[0]);
    close(err[0]);
    if (has_input) close(in[1]);
    if (cgroup >= 0) rmdir(path);
    return fail_start(id, "quarry: cannot fork\n");
  }
  struct stream *stream = calloc(1, sizeof *stream);
  *stream = (struct stream){.id = id, .pid = pid, .leader = pid, .cgroup = cgroup >= 0, .in = in[1], .out = {out[0], err[0]}};
  fcntl(out[0], F_SETFL, O_NONBLOCK);
  fcntl(err[0], F_SETFL, O_NONBLOCK);
  if (has_input) fcntl(in[1], F_SETFL, O_NONBLOCK);
  streams[slot] = stream;
  int32_t told = pid;
  send_frame(id, STARTED, &told, 4);
}

/* Sends a signal to all members of the control group; whether it has any. */
static int signal_members(struct stream *stream, int number) {
  char path[80], pids[16384];
  if (!stream->cgroup) return kill(-stream->leader, number) == 0;
  snprintf(path, sizeof path, CGROUPS "/%u/cgroup.procs", stream->id);
  if (slurp(path, pids, sizeof pids) <= 0) return 0;
  for (char *at = pids; *at != 0; at = strchr(at, '\n') + 1) {
    kill(atoi(at), number);
    if (strchr(at, '\n') == NULL) break;
  }
  return 1;
}

static void stop(struct stream *stream, uint32_t grace_ms) {
  stream->stopping = 1;
  stream->kill_ms = now_ms() + grace_ms;
  signal_members(stream, SIGTERM);
  signal_members(stream, SIGCONT);
}

/* Whoever is left after the grace period is killed; when all are gone, or cannot be killed, that is told. */
static int look_at_stopping(void) {
  int any = 0;
  for (int i = 0; i < MOST_STREAMS; i += 1) {
    struct stream *stream = streams[i];
    if (stream == NULL || !stream->stopping) continue;
    int alive = signal_members(stream, 0);
    int64_t late = now_ms() - stream->kill_ms;
    if (alive && late >= 0) signal_members(stream, SIGKILL);
    if (alive && late < 5000) {
      any = 1;
      continue;
    }
    stream->stopping = 0;
    send_frame(stream->id, STOPPED, "", 0);
  }
  return any;
}

static void reap(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    for (int i = 0; i < MOST_STREAMS; i += 1)
      if (streams[i] != NULL && !streams[i]->exited && streams[i]->pid == pid) {
        int32_t told = status;
        streams[i]->exited = 1;
        close_end(&streams[i]->in);
        send_frame(streams[i]->id, EXIT, &told, 4);
      }
}

static void take_frame(uint32_t id, uint32_t type, char *payload, uint32_t length) {
  struct stream *stream = stream_of(id);
  uint32_t number[2] = {0, 0};
  memcpy(number, payload, length < 8 ? length : 8);
  if (type == START) {
    start(id, payload, length);
  } else if (type == PING) {
    send_frame(id, PONG, payload, length);
  } else if (type == CLOCK) {
    int64_t ns;
    memcpy(&ns, payload, 8);
    struct timespec time = {ns / 1000000000, ns % 1000000000};
    clock_settime(CLOCK_REALTIME, &time);
    clock_gettime(CLOCK_BOOTTIME, &time);
    ns = time.tv_sec * 1000000000LL + time.tv_nsec;
    send_frame(id, PONG, &ns, 8);
  } else if (stream == NULL) {
    if (type == STOP) send_frame(id, STOPPED, "", 0);
  } else if (type == INPUT && length == 0) {
    stream->input_ended = 1;
    if (stream->queued == 0) close_end(&stream->in);
  } else if (type == INPUT) {
    if (stream->in < 0) {
      send_frame(id, TAKEN, &length, 4);
      return;
    }
    stream->queue = realloc(stream->queue, stream->queued + length);
    memcpy(stream->queue + stream->queued, payload, length);
    stream->queued += length;
  } else if (type == SIGNAL) {
    kill(-stream->leader, (int)number[0]);
  } else if (type == GRANT && number[0] < 2) {
    stream->granted[number[0]] += number[1];
  } else if (type == STOP) {
    stop(stream, number[0]);
  } else if (type == CLOSE) {
    forget(stream);
  }
}

static char incoming[HEADER + MOST_PAYLOAD + 65536];
static size_t received;

/* Whether somebody is at the other end. */
static int read_port(void) {
  ssize_t count = read(port, incoming + received, sizeof incoming - received);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) {
    received = 0;
    return 0;
  }
  received += count;
  size_t at = 0;
  while (received - at >= HEADER) {
    uint32_t header[3];
    memcpy(header, incoming + at, HEADER);
    if (header[0] > MOST_PAYLOAD) {
      received = 0;
      return 1;
    }
    if (received - at < HEADER + header[0]) break;
    take_frame(header[1], header[2], incoming + at + HEADER, header[0]);
    at += HEADER + header[0];
  }
  received -= at;
  memmove(incoming, incoming + at, received);
  return 1;
}

static void write_port(void) {
  size_t sent = 0;
  while (sent < waiting) {
    ssize_t count = write(port, outgoing + sent, waiting - sent < 32768 ? waiting - sent : 32768);
    if (count <= 0) break;
    sent += count;
  }
  waiting -= sent;
  memmove(outgoing, outgoing + sent, waiting);
}

static void feed(struct stream *stream) {
  ssize_t count = write(stream->in, stream->queue, stream->queued);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  /* It reads no more: what is left is thrown away, and more may come. */
  uint32_t taken = count < 0 ? stream->queued : (uint32_t)count;
  if (count < 0) close_end(&stream->in);
  stream->queued -= taken;
  memmove(stream->queue, stream->queue + taken, stream->queued);
  send_frame(stream->id, TAKEN, &taken, 4);
  if (stream->queued == 0 && stream->input_ended) close_end(&stream->in);
}

static void drain(struct stream *stream, int which) {
  static char bytes[32768];
  size_t most = stream->granted[which] < (int64_t)sizeof bytes ? (size_t)stream->granted[which] : sizeof bytes;
  ssize_t count = read(stream->out[which], bytes, most);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    close_end(&stream->out[which]);
    count = 0;
  }
  stream->granted[which] -= count;
  send_frame(stream->id, which == 0 ? OUTPUT : ERRORS, bytes, count);
}

static void serve_commands(int signals) {
  static struct pollfd polled[2 + 3 * MOST_STREAMS];
  static struct { struct stream *stream; int which; } behind[2 + 3 * MOST_STREAMS];
  int connected = 1;
  for (;;) {
    int stopping = look_at_stopping();
    int count = 2;
    write_port();
    polled[0] = (struct pollfd){connected ? port : -1, POLLIN | (waiting > 0 ? POLLOUT : 0), 0};
    polled[1] = (struct pollfd){signals, POLLIN, 0};
    for (int i = 0; i < MOST_STREAMS; i += 1) {
      struct stream *stream = streams[i];
      if (stream == NULL) continue;
      for (int which = 0; which < 2; which += 1) {
        if (stream->out[which] < 0 || stream->granted[which] <= 0 || waiting > sizeof outgoing / 2) continue;
        polled[count] = (struct pollfd){stream->out[which], POLLIN, 0};
        behind[count].stream = stream;
        behind[count++].which = which;
      }
      if (stream->in >= 0 && stream->queued > 0) {
        polled[count] = (struct pollfd){stream->in, POLLOUT, 0};
        behind[count].stream = stream;
        behind[count++].which = 2;
      }
    }
    poll(polled, count, !connected ? 5 : stopping ? LOOK_MS : -1);
    for (int i = 2; i < count; i += 1) {
      if (polled[i].revents == 0) continue;
      if (behind[i].which == 2) feed(behind[i].stream);
      else drain(behind[i].stream, behind[i].which);
    }
    if (polled[1].revents != 0) {
      struct signalfd_siginfo info;
      while (read(signals, &info, sizeof info) > 0) {}
      reap();
    }
    connected = read_port();
  }
}

int main(int count, char **words) {
  /* As /proc/1/exe it is a program like others. */
  if (getpid() != 1 && count > 4) return transfer(words + 1);
  // What it does in the guest is the observer's doing, and known as such by its name.
  prctl(PR_SET_NAME, "quarry");
  make_root();
  mount_rest();
  has_cgroups = access(CGROUPS "/cgroup.procs", F_OK) == 0;
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  signal(SIGPIPE, SIG_IGN);
  int signals = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
  struct rlimit files = {65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);
  spit("/proc/self/oom_score_adj", "-1000");
  struct sched_param priority = {.sched_priority = 50};
  sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority);
  if (fork() == 0) {
    sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority);
    mlockall(MCL_CURRENT | MCL_FUTURE);
    serve_files();
  }
  mlockall(MCL_CURRENT | MCL_FUTURE);
  port = open_port("quarry.commands", O_NONBLOCK);
  say("quarry: ready");
  serve_commands(signals);
}
