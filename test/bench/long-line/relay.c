// relay A B RTT_MS RATE_MBIT QUEUE_MS LOSS_PERCENT SEED: a long line between the network namespaces A and B, each of which
// gets an interface `line` (10.9.3.1 and 10.9.3.2 are for the caller to give). From A to B there are a rate, a queue that
// drops what it has no room for, and random loss; both ways have half of the round trip as delay. Packets pass one by one.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { slots = 1 << 16, longest = 2048 };

struct packet {
  double due_ms;
  int bytes;
  unsigned char data[longest];
};

// What is on its way in one direction, in the order of its arrival.
struct way {
  int from, to;
  double delay_ms, bytes_per_ms, queue_ms, loss, free_ms;
  uint32_t head, tail;
  struct packet *packets;
};

static uint64_t state;

// xorshift64*
static double chance(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (double)((state * 0x2545F4914F6CDD1DULL) >> 11) / (double)(1ULL << 53);
}

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * (double)now.tv_sec + (double)now.tv_nsec / 1e6;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_tun(const char *namespace) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", namespace);
  const int ns = open(path, O_RDONLY);
  if (ns < 0 || setns(ns, CLONE_NEWNET) != 0) fail(path);
  close(ns);
  const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, "line");
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) fail("/dev/net/tun");
  return fd;
}

static void take(struct way *way) {
  while (way->tail - way->head < slots) {
    struct packet *packet = &way->packets[way->tail % slots];
    const ssize_t bytes = read(way->from, packet->data, longest);
    if (bytes <= 0) return;
    const double now = now_ms();
    const double start = way->free_ms > now ? way->free_ms : now;
    if (start - now > way->queue_ms || (way->loss > 0 && chance() < way->loss)) continue;
    way->free_ms = start + (double)bytes / way->bytes_per_ms;
    packet->bytes = (int)bytes;
    packet->due_ms = way->free_ms + way->delay_ms;
    way->tail += 1;
  }
}

// Returns when the next is due.
static double give(struct way *way) {
  while (way->head != way->tail) {
    struct packet *packet = &way->packets[way->head % slots];
    if (packet->due_ms > now_ms()) return packet->due_ms;
    if (write(way->to, packet->data, (size_t)packet->bytes) < 0 && errno == EAGAIN) return now_ms() + 0.2;
    way->head += 1;
  }
  return now_ms() + 1000;
}

int main(int count, char **words) {
  if (count != 8) {
    fputs("usage: relay A B RTT_MS RATE_MBIT QUEUE_MS LOSS_PERCENT SEED\n", stderr);
    return 64;
  }
  const double rtt_ms = atof(words[3]), rate = atof(words[4]) * 125;
  const int a = open_tun(words[1]), b = open_tun(words[2]);
  state = 88172645463325252ULL + strtoull(words[7], NULL, 10);
  struct way forth = {.from = a, .to = b, .delay_ms = rtt_ms / 2, .bytes_per_ms = rate, .queue_ms = atof(words[5]),
                      .loss = atof(words[6]) / 100};
  struct way back = {.from = b, .to = a, .delay_ms = rtt_ms / 2, .bytes_per_ms = 1e9, .queue_ms = 1e9};
  forth.packets = malloc(slots * sizeof *forth.packets);
  back.packets = malloc(slots * sizeof *back.packets);
  if (forth.packets == NULL || back.packets == NULL) fail("memory");
  puts("ready");
  fflush(stdout);
  for (;;) {
    take(&forth);
    take(&back);
    const double next = give(&forth), other = give(&back);
    const double wait_ms = (next < other ? next : other) - now_ms();
    struct pollfd readable[] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
    const struct timespec timeout = {.tv_sec = 0, .tv_nsec = wait_ms > 0 ? (long)(wait_ms < 500 ? wait_ms * 1e6 : 5e8) : 0};
    ppoll(readable, 2, &timeout, NULL);
  }
}
