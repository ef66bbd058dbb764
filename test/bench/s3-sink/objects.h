#include "crc.h"
#include <pthread.h>
#include <stdbool.h>

#define MAX_PARTS 10001

struct part {
	long bytes;
	char etag[33];
	const struct crc *crc; /* that the sender gave, or NULL */
	uint64_t sum;
	int file; /* -1 if it is not kept */
};

struct object {
	char path[1024], etag[48], metadata[4096];
	long bytes;
	int part_count;
	bool is_whole;
	struct part *parts;
	const struct crc *crc; /* of the whole, or NULL */
	uint64_t sum;
	struct object *next, *next_in_bucket;
};

/* Held around every use of these, and of what they give. */
extern pthread_mutex_t lock;
extern struct object *objects;

struct object *find_object(const char *path);
/* A new object in the place of the one under the path. One upload of a path at a time: the object takes its parts. */
struct object *begin_object(const char *path, const char *metadata);
/* What the parts make: their ETag, and their CRC where all have the same kind. */
void finish_object(struct object *, bool is_multipart);
/* As an ETag has it: 32 digits. */
void to_hex(const unsigned char digest[16], char *text);
