/*
 * A slow link: frames that the packet filter forwards to a TAP device are sent on, later, to the port of the switch
 * that their destination is at. What sch_netem does to a queue of the kernel (net/sched/sch_netem.c), for kernels that
 * were built without it, and for the frames between chosen nodes alone.
 *
 *   emulator TAP DELAY_US JITTER_US LOSS DUPLICATE REORDER BITS_PER_SECOND QUEUE PORT=MAC ...
 *
 * LOSS, DUPLICATE and REORDER are percentages. What a node with a `*` before its port sends waits at its own link, which
 * has the rate and the queue; everything else at that of the receiver. It says "ready" when the TAP exists; on TERM it
 * sends what still waits, says what it did, as JSON, and ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_PORTS = 256, LONGEST_FRAME = 65536 + ETH_HLEN };

struct port {
  int index;
  uint8_t mac[ETH_ALEN];
  int slow;
  /* Of the two directions of a link: when the last frame is through, and when it arrives. */
  uint64_t free_at[2], last_at[2];
  int waiting[2];
};

struct frame {
  uint64_t due, order;
  struct port *link, *to;
  int direction, length;
  uint8_t bytes[];
};

static struct port ports[MOST_PORTS];
static int port_count;
static struct frame **heap;
static size_t heap_size, heap_room;
static uint64_t order, state[2];
static uint64_t delay_ns, jitter_ns;
static double loss, duplicate, reorder, rate;
static int queue, sender;
static struct { unsigned long long forwarded, lost, duplicated, reordered, overflowed; } did;
static volatile sig_atomic_t stopping;

static void stop(int signal_number) {
  (void)signal_number;
  stopping = 1;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* xorshift128+ (Vigna 2017): from 0 to below 1. */
static double uniform(void) {
  uint64_t a = state[0], b = state[1];
  state[0] = b;
  a ^= a << 23;
  state[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
  return (double)((state[1] + b) >> 11) * 0x1p-53;
}

static int happens(double percent) { return percent > 0 && uniform() * 100 < percent; }

static int earlier(const struct frame *a, const struct frame *b) {
  return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void push(struct frame *frame) {
  if (heap_size == heap_room) {
    heap_room = heap_room ? heap_room * 2 : 1024;
    heap = realloc(heap, heap_room * sizeof *heap);
    if (!heap) die("realloc");
  }
  size_t at = heap_size++;
  for (; at > 0 && earlier(frame, heap[(at - 1) / 2]); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
  heap[at] = frame;
}

static struct frame *pop(void) {
  struct frame *first = heap[0], *last = heap[--heap_size];
  size_t at = 0;
  for (size_t child; (child = 2 * at + 1) < heap_size; at = child) {
    if (child + 1 < heap_size && earlier(heap[child + 1], heap[child])) child++;
    if (!earlier(heap[child], last)) break;
    heap[at] = heap[child];
  }
  heap[at] = last;
  return first;
}

static struct port *port_of(const uint8_t *mac) {
  for (int i = 0; i < port_count; i++)
    if (memcmp(ports[i].mac, mac, ETH_ALEN) == 0) return &ports[i];
  return NULL;
}

static void deliver(struct frame *frame) {
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = frame->to->index, .sll_halen = ETH_ALEN};
  memcpy(to.sll_addr, frame->bytes, ETH_ALEN);
  /* A full queue, or a port that is gone, loses the frame, as a switch does. */
  if (sendto(sender, frame->bytes, (size_t)frame->length, 0, (struct sockaddr *)&to, sizeof to) < 0) did.lost++;
  else did.forwarded++;
  frame->link->waiting[frame->direction]--;
  free(frame);
}

static void enqueue(const uint8_t *bytes, int length, const struct port *from, struct port *to, struct port *link) {
  uint64_t now = now_ns();
  int direction = link == from ? 0 : 1;
  if (link->waiting[direction] >= queue) {
    did.overflowed++;
    return;
  }
  struct frame *frame = malloc(sizeof *frame + (size_t)length);
  if (!frame) die("malloc");
  uint64_t through = link->free_at[direction] > now ? link->free_at[direction] : now;
  if (rate > 0) through += (uint64_t)((double)length * 8 * 1e9 / rate);
  link->free_at[direction] = through;
  int64_t jitter = (int64_t)((2 * uniform() - 1) * (double)jitter_ns);
  int64_t wait = (int64_t)delay_ns + jitter;
  uint64_t due = through + (uint64_t)(wait > 0 ? wait : 0);
  if (happens(reorder)) {
    due = through;
    did.reordered++;
  } else {
    /* A link keeps the order of what it carries, however its delay varies. */
    if (due < link->last_at[direction]) due = link->last_at[direction];
    link->last_at[direction] = due;
  }
  *frame = (struct frame){.due = due, .order = order++, .link = link, .to = to, .direction = direction, .length = length};
  memcpy(frame->bytes, bytes, (size_t)length);
  link->waiting[direction]++;
  push(frame);
}

static void take(const uint8_t *bytes, int length) {
  if (length < ETH_HLEN) return;
  struct port *from = port_of(bytes + ETH_ALEN), *to = port_of(bytes);
  /* Such as what the TAP device itself says: it is from no node. */
  if (!from || !to) return;
  if (happens(loss)) {
    did.lost++;
    return;
  }
  int copies = 1;
  if (happens(duplicate)) {
    did.duplicated++;
    copies = 2;
  }
  while (copies-- > 0) enqueue(bytes, length, from, to, from->slow ? from : to);
}

static int open_tap(const char *name) {
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tap < 0) die("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(tap, TUNSETIFF, &request) < 0) die("TUNSETIFF");
  return tap;
}

static void add_port(const char *word) {
  struct port *port = &ports[port_count];
  char name[IFNAMSIZ];
  port->slow = *word == '*';
  if (port->slow) word++;
  uint8_t *m = port->mac;
  if (port_count == MOST_PORTS ||
      sscanf(word, "%15[^=]=%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", name, m, m + 1, m + 2, m + 3, m + 4, m + 5) != 7) {
    fprintf(stderr, "not a port: %s\n", word);
    exit(2);
  }
  port->index = (int)if_nametoindex(name);
  if (port->index == 0) die(name);
  port_count++;
}

int main(int argc, char **argv) {
  if (argc < 10) return 2;
  delay_ns = strtoull(argv[2], NULL, 10) * 1000;
  jitter_ns = strtoull(argv[3], NULL, 10) * 1000;
  loss = atof(argv[4]);
  duplicate = atof(argv[5]);
  reorder = atof(argv[6]);
  rate = atof(argv[7]);
  queue = atoi(argv[8]);
  for (int i = 9; i < argc; i++) add_port(argv[i]);
  if (getrandom(state, sizeof state, 0) != sizeof state) die("getrandom");
  state[0] |= 1;
  sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (sender < 0) die("socket");
  struct sigaction action = {.sa_handler = stop};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigset_t held, open_set;
  sigemptyset(&held);
  sigaddset(&held, SIGTERM);
  sigaddset(&held, SIGINT);
  /* Let in only while it waits, so that none is missed. */
  sigprocmask(SIG_BLOCK, &held, &open_set);
  int tap = open_tap(argv[1]);
  puts("ready");
  fflush(stdout);

  static uint8_t bytes[LONGEST_FRAME];
  while (!stopping) {
    struct timespec wait = {0};
    if (heap_size > 0) {
      uint64_t now = now_ns(), left = heap[0]->due > now ? heap[0]->due - now : 0;
      wait.tv_sec = (time_t)(left / 1000000000u);
      wait.tv_nsec = (long)(left % 1000000000u);
    }
    struct pollfd ready = {.fd = tap, .events = POLLIN};
    if (ppoll(&ready, 1, heap_size > 0 ? &wait : NULL, &open_set) < 0 && errno != EINTR) die("ppoll");
    if (ready.revents & POLLERR) {
      /* The device is gone, and would be told of as ready without end. */
      errno = ENODEV;
      die(argv[1]);
    }
    /* Not without end: what is due must go. */
    for (int burst = 0; burst < 64; burst++) {
      ssize_t length = read(tap, bytes, sizeof bytes);
      if (length <= 0) break;
      take(bytes, (int)length);
    }
    for (uint64_t now = now_ns(); heap_size > 0 && heap[0]->due <= now;) deliver(pop());
  }
  while (heap_size > 0) deliver(pop());
  printf("{\"forwarded\":%llu,\"lost\":%llu,\"duplicated\":%llu,\"reordered\":%llu,\"overflowed\":%llu}\n",
         did.forwarded, did.lost, did.duplicated, did.reordered, did.overflowed);
  return 0;
}
