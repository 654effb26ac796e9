/*
 * Workers of a thread pool that park between pieces of work, as those of a busy database do.
 *
 *   parkload METRICS WORKERS HOGS
 *
 * Each worker parks for some microseconds, until its time is over or another one wakes it, does a little work, and wakes
 * one of the others now and then. No worker may be more than BATCH pieces ahead of the slowest, so the pool comes to a
 * halt when one does not return from its park. Beside them HOGS threads compute without end, and one gives the workers
 * other priorities all the time, as a pool does that serves many tenants.
 *
 * It never asks whether a park takes longer than it should. Each second METRICS gets what was done:
 * `operations_total N` and `slowest_worker_operations N`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MOST_WORKERS 256
#define BATCH 200
#define LEAST_PARK_NS 50000
#define PARK_RANGE_NS 2000000
#define MOST_WORK 20000

struct worker {
    _Alignas(64) atomic_uint permit; /* what a parked worker watches; it changes when somebody wakes it */
    atomic_ulong done;               /* pieces of work */
    pid_t tid;
    uint64_t random;
};

static struct worker workers[MOST_WORKERS];
static unsigned count;

/* xorshift64 (Marsaglia 2003): each thread has a state of its own. */
static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Until the time is over, or somebody has changed the permit since it was read. */
static void park(struct worker *self, long ns) {
    struct timespec timeout = {.tv_sec = 0, .tv_nsec = ns};
    unsigned permit = atomic_load(&self->permit);
    syscall(SYS_futex, &self->permit, FUTEX_WAIT_PRIVATE, permit, &timeout, NULL, 0);
}

static void unpark(struct worker *other) {
    atomic_fetch_add(&other->permit, 1);
    syscall(SYS_futex, &other->permit, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void compute(unsigned long rounds) {
    for (volatile unsigned long i = 0; i < rounds; i++) continue;
}

static unsigned long slowest(void) {
    unsigned long least = atomic_load(&workers[0].done);
    for (unsigned i = 1; i < count; i++) {
        unsigned long done = atomic_load(&workers[i].done);
        if (done < least) least = done;
    }
    return least;
}

static void *work(void *argument) {
    struct worker *self = argument;
    self->tid = (pid_t)syscall(SYS_gettid);
    for (;;) {
        park(self, LEAST_PARK_NS + (long)(next_random(&self->random) % PARK_RANGE_NS));
        if (atomic_load(&self->done) >= slowest() + BATCH) continue;
        compute(next_random(&self->random) % MOST_WORK);
        atomic_fetch_add(&self->done, 1);
        /* Only every second worker is woken by others: the rest live by their timers. */
        if (next_random(&self->random) % 3 == 0) unpark(&workers[(next_random(&self->random) % count) & ~1u]);
    }
    return NULL;
}

static void *hog(void *argument) {
    (void)argument;
    for (;;) compute(100000);
    return NULL;
}

static void *prioritize(void *argument) {
    uint64_t random = 88172645463325252ULL;
    (void)argument;
    for (;;) {
        pid_t tid = workers[next_random(&random) % count].tid;
        if (tid != 0) setpriority(PRIO_PROCESS, (id_t)tid, (int)(next_random(&random) % 10));
        if (next_random(&random) % 64 == 0) nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    return NULL;
}

/* Never half written: whoever reads the file sees the old figures or the new ones. */
static void report(const char *path, unsigned long total, unsigned long least) {
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *file = fopen(temporary, "w");
    if (file == NULL || fprintf(file, "operations_total %lu\nslowest_worker_operations %lu\n", total, least) < 0 ||
        fclose(file) != 0 || rename(temporary, path) != 0) {
        fprintf(stderr, "parkload: %s: %s\n", path, strerror(errno));
        exit(1);
    }
}

static void start(void *(*body)(void *), void *argument) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, body, argument);
    if (error == 0) return;
    fprintf(stderr, "parkload: cannot start a thread: %s\n", strerror(error));
    exit(1);
}

int main(int argc, char **argv) {
    count = argc == 4 ? (unsigned)atoi(argv[2]) : 0;
    if (count < 2 || count > MOST_WORKERS) {
        fprintf(stderr, "usage: parkload METRICS WORKERS HOGS (2 to %d workers)\n", MOST_WORKERS);
        return 64;
    }
    for (unsigned i = 0; i < count; i++) {
        workers[i].random = 0x9E3779B97F4A7C15ULL * (i + 1);
        start(work, &workers[i]);
    }
    for (int i = 0; i < atoi(argv[3]); i++) start(hog, NULL);
    start(prioritize, NULL);
    for (unsigned long before = 0;;) {
        unsigned long total = 0;
        for (unsigned i = 0; i < count; i++) total += atomic_load(&workers[i].done);
        report(argv[1], total, slowest());
        printf("%lu operations/s\n", total - before);
        fflush(stdout);
        before = total;
        sleep(1);
    }
}
