/*
 * A server with three sides and one flaw.
 *
 *   HTTP on TCP and on a Unix socket   one thread, edge-triggered epoll, as event loops do it
 *   status by UDP                      one thread in a blocking recvfrom
 *   a log that grows                   one thread that sleeps and writes
 *
 * With --lose-after S it loses a wakeup at a random moment from S seconds on: the event thread sleeps in epoll_wait,
 * without a timeout, and whatever becomes ready does not bring it back. What does is the end of the wait itself: at
 * EINTR it asks the kernel anew, finds all that has piled up, and is well again. A program cannot make the kernel lose
 * a wakeup, so the wait is entered again here for as long as it is "lost"; from outside it looks the same. (On a kernel
 * that does lose wakeups the server is run without the switch.)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int port = 8080;
static const char *unix_path = "/tmp/app.sock";
static const char *log_path = "/dev/null";
static double lose_after = -1;
static unsigned long served;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int listen_tcp(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 128)) die("tcp");
    return fd;
}

static int listen_unix(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(unix_path) >= sizeof address.sun_path) { fprintf(stderr, "path too long: %s\n", unix_path); exit(1); }
    strcpy(address.sun_path, unix_path);
    unlink(unix_path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 128)) die("unix");
    return fd;
}

static void watch(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
}

/* Waits for events; a wakeup that is lost does not end the wait, a signal or a tracer does. */
static int wait_events(int epoll, struct epoll_event *events, int count, double lose_at) {
    bool lost = false;
    for (;;) {
        int n = epoll_wait(epoll, events, count, -1);
        if (n < 0 && errno == EINTR) return 0;
        if (n < 0) die("epoll_wait");
        if (!lost && lose_at > 0 && now() >= lose_at) lost = true;
        if (!lost) return n;
    }
}

static void answer(int fd) {
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
    char request[4096];
    ssize_t n = read(fd, request, sizeof request);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) {
        served++;
        if (write(fd, reply, sizeof reply - 1) < 0) { /* the client has gone; so be it */ }
    }
    close(fd);
}

static void accept_all(int epoll, int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        watch(epoll, fd);
    }
}

static void *event_loop(void *unused) {
    (void)unused;
    pthread_setname_np(pthread_self(), "events");
    int epoll = epoll_create1(EPOLL_CLOEXEC), tcp = listen_tcp(), local = listen_unix();
    struct epoll_event events[64];
    double lose_at = lose_after < 0 ? -1 : now() + lose_after + drand48() * 5;
    watch(epoll, tcp);
    watch(epoll, local);
    for (;;) {
        int n = wait_events(epoll, events, 64, lose_at);
        if (n == 0) {
            /* The wait was interrupted: look at everything, and do not lose again. */
            lose_at = -1;
            accept_all(epoll, tcp);
            accept_all(epoll, local);
        }
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == tcp || fd == local) accept_all(epoll, fd);
            else answer(fd);
        }
    }
    return NULL;
}

static void *status_loop(void *unused) {
    (void)unused;
    pthread_setname_np(pthread_self(), "status");
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (bind(fd, (struct sockaddr *)&address, sizeof address)) die("udp");
    for (;;) {
        char text[512];
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        if (recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&peer, &length) < 0) continue;
        int n = snprintf(text, sizeof text, "up served=%lu", served);
        sendto(fd, text, n, 0, (struct sockaddr *)&peer, length);
    }
    return NULL;
}

static void *log_loop(void *unused) {
    (void)unused;
    pthread_setname_np(pthread_self(), "logger");
    FILE *log = fopen(log_path, "a");
    if (!log) die(log_path);
    for (unsigned long beat = 0;; beat++) {
        fprintf(log, "beat %lu served %lu\n", beat, served);
        fflush(log);
        sleep(1);
    }
    return NULL;
}

int main(int argc, char **argv) {
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--port")) port = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--unix")) unix_path = argv[i + 1];
        else if (!strcmp(argv[i], "--log")) log_path = argv[i + 1];
        else if (!strcmp(argv[i], "--lose-after")) lose_after = atof(argv[i + 1]);
        else { fprintf(stderr, "unknown option %s\n", argv[i]); return 64; }
    }
    signal(SIGPIPE, SIG_IGN);
    srand48(getpid() ^ time(NULL));
    pthread_t events, status, logger;
    if (pthread_create(&events, NULL, event_loop, NULL)) die("thread");
    if (pthread_create(&status, NULL, status_loop, NULL)) die("thread");
    if (pthread_create(&logger, NULL, log_loop, NULL)) die("thread");
    pthread_join(events, NULL);
    return 0;
}
