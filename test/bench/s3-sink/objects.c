#include "objects.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
struct object *objects;
static struct object *buckets[1 << 16];

/* FNV-1a. */
static struct object **bucket_of(const char *path) {
	uint32_t hash = 2166136261;
	while (*path)
		hash = (hash ^ (unsigned char)*path++) * 16777619;
	return buckets + (hash >> 16 ^ (hash & 0xffff));
}

struct object *find_object(const char *path) {
	for (struct object *object = *bucket_of(path); object; object = object->next_in_bucket)
		if (!strcmp(object->path, path))
			return object;
	return NULL;
}

static void forget_parts(struct object *object) {
	for (int at = 0; at < object->part_count; at++)
		if (object->parts[at].file > 0)
			close(object->parts[at].file);
	object->part_count = 0;
	object->is_whole = false;
	object->crc = NULL;
}

struct object *begin_object(const char *path, const char *metadata) {
	struct object *object = find_object(path);
	if (!object) {
		object = calloc(1, sizeof *object);
		snprintf(object->path, sizeof object->path, "%s", path);
		object->parts = calloc(MAX_PARTS, sizeof *object->parts);
		object->next = objects;
		objects = object;
		struct object **bucket = bucket_of(path);
		object->next_in_bucket = *bucket;
		*bucket = object;
	}
	forget_parts(object);
	snprintf(object->metadata, sizeof object->metadata, "%s", metadata);
	return object;
}

void to_hex(const unsigned char digest[16], char *text) {
	for (int at = 0; at < 16; at++)
		sprintf(text + 2 * at, "%02x", digest[at]);
}

static void add_etag(EVP_MD_CTX *md5, const char *etag) {
	unsigned char digest[16];
	for (int at = 0; at < 16; at++)
		sscanf(etag + 2 * at, "%2hhx", digest + at);
	EVP_DigestUpdate(md5, digest, 16);
}

void finish_object(struct object *object, bool is_multipart) {
	unsigned char digest[16];
	EVP_MD_CTX *md5 = EVP_MD_CTX_new();
	EVP_DigestInit_ex(md5, EVP_md5(), NULL);
	object->bytes = 0;
	object->sum = 0;
	object->crc = object->parts[0].crc;
	for (struct part *part = object->parts; part < object->parts + object->part_count; part++) {
		add_etag(md5, part->etag);
		if (part->crc != object->crc)
			object->crc = NULL;
		if (object->crc)
			object->sum = combine_crcs(object->crc, object->sum, part->sum, part->bytes);
		object->bytes += part->bytes;
	}
	EVP_DigestFinal_ex(md5, digest, NULL);
	EVP_MD_CTX_free(md5);
	to_hex(digest, object->etag);
	if (is_multipart)
		sprintf(object->etag + 32, "-%d", object->part_count);
	else
		memcpy(object->etag, object->parts[0].etag, sizeof object->parts[0].etag);
	object->is_whole = true;
}
