/*
 * An S3 server for benchmarks: what is stored under the bucket `kept` is kept in memory and can be read, of all else
 * only what S3 says of an object is kept. It is honest about what it says: CRCs are computed over what came, compared
 * with those that were sent, and put together for the whole; sizes are counted. An ETag is the MD5 where nothing else
 * proves a part; with a Content-MD5 it is that, unchecked, to the gain of its sender; with a CRC it is opaque, as
 * S3's of an encrypted object. Signatures are not looked at.
 *
 * cc -O2 -o sink *.c -lssl -lcrypto -lpthread; prints its port, and with a certificate and its key, which are files, a
 * second one for TLS.
 */
#define _GNU_SOURCE
#include "http.h"
#include "listen.h"
#include "objects.h"
#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

static void crc_text(const struct crc *crc, uint64_t sum, char *text) {
	unsigned char bytes[8];
	for (int at = 0; at < crc->width / 8; at++)
		bytes[at] = sum >> (crc->width - 8 - 8 * at);
	EVP_EncodeBlock((unsigned char *)text, bytes, crc->width / 8);
}

static const struct crc *announced_crc(const struct request *request, char *text) {
	for (const struct crc *crc = crcs; crc < crcs + CRC_COUNT; crc++) {
		char name[64];
		size_t length;
		snprintf(name, sizeof name, "x-amz-checksum-%s", crc->name);
		const char *value = header_of(request, name, &length);
		if (!value || length > 15)
			continue;
		sprintf(text, "%.*s", (int)length, value);
		return crc;
	}
	return NULL;
}

static void etag_of(const struct request *request, const struct part *part, EVP_MD_CTX *md5, char *etag) {
	unsigned char bytes[32] = { 0 };
	size_t length;
	const char *given = header_of(request, "content-md5", &length);
	if (given && length == 24)
		EVP_DecodeBlock(bytes, (const unsigned char *)given, 24);
	else if (md5)
		EVP_DigestFinal_ex(md5, bytes, NULL);
	else
		memcpy(bytes, &part->sum, sizeof part->sum);
	to_hex(bytes, etag);
}

/* Zeros become a hole: of them more can be kept than there is memory. */
static void keep(int file, const char *bytes, long count) {
	bool is_zero = !bytes[0] && !memcmp(bytes, bytes + 1, count - 1);
	off_t end = is_zero ? lseek(file, count, SEEK_CUR) : 0;
	if (is_zero ? end < 0 || ftruncate(file, end) : write(file, bytes, count) != count)
		abort();
}

/* False when the client has gone. */
static bool take(struct connection *c, struct request *request, struct part *part, char *crc_sent) {
	size_t length;
	char *bytes;
	long count;
	*part = (struct part){ .crc = announced_crc(request, crc_sent), .file = -1 };
	bool needs_md5 = !part->crc && !header_of(request, "content-md5", &length);
	EVP_MD_CTX *md5 = needs_md5 ? EVP_MD_CTX_new() : NULL;
	if (md5)
		EVP_DigestInit_ex(md5, EVP_md5(), NULL);
	if (!strncmp(request->path, "/kept/", 6))
		part->file = memfd_create("part", 0);
	while ((count = read_body(c, request, &bytes)) > 0) {
		part->bytes += count;
		if (part->crc)
			part->sum = update_crc(part->crc, part->sum, (unsigned char *)bytes, count);
		if (md5)
			EVP_DigestUpdate(md5, bytes, count);
		if (part->file > 0)
			keep(part->file, bytes, count);
	}
	etag_of(request, part, md5, part->etag);
	EVP_MD_CTX_free(md5);
	return count == 0;
}

static bool answer(struct connection *c, const char *status, const char *headers, const char *body) {
	char *text;
	int length = asprintf(&text, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, headers, strlen(body), body);
	bool is_sent = send_all(c, text, length);
	free(text);
	return is_sent;
}

static bool refuse(struct connection *c, const char *status, const char *code) {
	char body[256];
	snprintf(body, sizeof body, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code);
	return answer(c, status, "Content-Type: application/xml\r\n", body);
}

static void crc_header(const struct crc *crc, uint64_t sum, char *header) {
	char text[16];
	*header = 0;
	if (!crc)
		return;
	crc_text(crc, sum, text);
	sprintf(header, "x-amz-checksum-%s: %s\r\n", crc->name, text);
}

static struct object *begin(const struct request *request) {
	char metadata[4096];
	size_t used = 0;
	for (const char *line = request->headers; (line = strcasestr(line, "\r\nx-amz-meta-")); line += 2) {
		int length = strcspn(line + 2, "\r");
		if (used + length + 3 < sizeof metadata)
			used += sprintf(metadata + used, "%.*s\r\n", length, line + 2);
	}
	metadata[used] = 0;
	return begin_object(request->path, metadata);
}

static bool put(struct connection *c, struct request *request) {
	const char *number_text = strstr(request->query, "partNumber=");
	int number = number_text ? atoi(number_text + 11) : 1;
	struct part part;
	char crc_sent[16], crc_found[16], sum[96], headers[256];
	if (!take(c, request, &part, crc_sent))
		return false;
	if (part.crc) {
		crc_text(part.crc, part.sum, crc_found);
		if (strcmp(crc_sent, crc_found))
			return refuse(c, "400 Bad Request", "BadDigest");
	}
	pthread_mutex_lock(&lock);
	struct object *object = number_text ? find_object(request->path) : begin(request);
	bool has_place = object && number >= 1 && number < MAX_PARTS;
	if (has_place) {
		object->parts[number - 1] = part;
		if (number > object->part_count)
			object->part_count = number;
		if (!number_text)
			finish_object(object, false);
	}
	pthread_mutex_unlock(&lock);
	if (!has_place)
		return refuse(c, "404 Not Found", "NoSuchUpload");
	crc_header(part.crc, part.sum, sum);
	snprintf(headers, sizeof headers, "ETag: \"%s\"\r\n%s", part.etag, sum);
	return answer(c, "200 OK", headers, "");
}

static void crc_element(const struct object *object, char *element) {
	char name[16] = "", text[16];
	*element = 0;
	if (!object->crc)
		return;
	for (int at = 0; object->crc->name[at]; at++)
		name[at] = toupper(object->crc->name[at]);
	crc_text(object->crc, object->sum, text);
	sprintf(element, "<Checksum%s>%s</Checksum%s>", name, text, name);
}

static bool post(struct connection *c, struct request *request) {
	char body[4096], sum[64] = "", *bytes;
	while (read_body(c, request, &bytes) > 0)
		;
	const char *key = strchr(request->path + 1, '/');
	if (!key)
		return refuse(c, "501 Not Implemented", "NotImplemented");
	bool begins = !strncmp(request->query, "uploads", 7);
	pthread_mutex_lock(&lock);
	struct object *object = begins ? begin(request) : find_object(request->path);
	if (object && !begins)
		finish_object(object, true);
	pthread_mutex_unlock(&lock);
	if (!object)
		return refuse(c, "404 Not Found", "NoSuchUpload");
	if (begins)
		snprintf(body, sizeof body,
			"<InitiateMultipartUploadResult><Bucket>%.*s</Bucket><Key>%s</Key><UploadId>1</UploadId>"
			"</InitiateMultipartUploadResult>", (int)(key - request->path - 1), request->path + 1, key + 1);
	else {
		crc_element(object, sum);
		snprintf(body, sizeof body,
			"<CompleteMultipartUploadResult><Bucket>%.*s</Bucket><Key>%s</Key><ETag>&quot;%s&quot;</ETag>%s"
			"</CompleteMultipartUploadResult>", (int)(key - request->path - 1), request->path + 1, key + 1,
			object->etag, sum);
	}
	return answer(c, "200 OK", "Content-Type: application/xml\r\n", body);
}

/* As sendfile does, through TLS. */
static bool send_copied(struct connection *c, int file, off_t *offset, size_t count) {
	char bytes[64 * 1024];
	ssize_t got = pread(file, bytes, count < sizeof bytes ? count : sizeof bytes, *offset);
	if (got <= 0)
		return false;
	*offset += got;
	return send_all(c, bytes, got);
}

static bool send_piece(struct connection *c, int file, off_t *offset, size_t count) {
	return c->tls ? send_copied(c, file, offset, count) : sendfile(c->socket, file, offset, count) > 0;
}

static bool send_range(struct connection *c, const struct object *object, long from, long to) {
	long part_start = 0;
	for (int at = 0; at < object->part_count && part_start < to; at++) {
		const struct part *part = object->parts + at;
		off_t offset = from > part_start ? from - part_start : 0;
		long end = to - part_start < part->bytes ? to - part_start : part->bytes;
		while (offset < end)
			if (part->file < 0 || !send_piece(c, part->file, &offset, end - offset))
				return false;
		part_start += part->bytes;
	}
	return true;
}

static bool get(struct connection *c, struct request *request, const struct object *object) {
	size_t length;
	char headers[8192], range[96] = "", sum[96] = "";
	long from = 0, to = object->bytes - 1;
	const char *wanted = header_of(request, "range", &length);
	if (wanted && !strncmp(wanted, "bytes=", 6)) {
		sscanf(wanted + 6, "%ld-%ld", &from, &to);
		to = to < object->bytes ? to : object->bytes - 1;
		sprintf(range, "Content-Range: bytes %ld-%ld/%ld\r\n", from, to, object->bytes);
	}
	const char *condition = header_of(request, "if-match", &length);
	if (condition && strncmp(condition + 1, object->etag, strlen(object->etag)))
		return refuse(c, "412 Precondition Failed", "PreconditionFailed");
	if (header_of(request, "x-amz-checksum-mode", &length) && !*range)
		crc_header(object->crc, object->sum, sum);
	snprintf(headers, sizeof headers,
		"HTTP/1.1 %s\r\nContent-Length: %ld\r\nAccept-Ranges: bytes\r\nContent-Type: application/octet-stream\r\n"
		"Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nETag: \"%s\"\r\n%s%s%s%s\r\n",
		*range ? "206 Partial Content" : "200 OK", to - from + 1, object->etag, range,
		sum, *sum ? "x-amz-checksum-type: FULL_OBJECT\r\n" : "", object->metadata);
	if (!send_all(c, headers, strlen(headers)))
		return false;
	return *request->method == 'H' || send_range(c, object, from, to + 1);
}

static void decode(char *text) {
	char *to = text;
	for (const char *from = text; *from; to++) {
		unsigned code;
		if (*from == '%' && sscanf(from + 1, "%2x", &code) == 1) {
			*to = code;
			from += 3;
		} else
			*to = *from++;
	}
	*to = 0;
}

/* Of a bucket: where it is, or which keys it has under a prefix. */
static bool list(struct connection *c, struct request *request) {
	char *body, prefix[1024];
	size_t length;
	if (strstr(request->query, "location"))
		return answer(c, "200 OK", "Content-Type: application/xml\r\n", "<LocationConstraint/>");
	const char *given = strstr(request->query, "prefix=");
	int path_length = strcspn(request->path + 1, "/") + 1;
	snprintf(prefix, sizeof prefix, "%.*s/%.*s", path_length, request->path,
		given ? (int)strcspn(given + 7, "&") : 0, given ? given + 7 : "");
	decode(prefix);
	FILE *text = open_memstream(&body, &length);
	fputs("<ListBucketResult><IsTruncated>false</IsTruncated>", text);
	pthread_mutex_lock(&lock);
	for (struct object *object = objects; object; object = object->next)
		if (object->is_whole && !strncmp(object->path, prefix, strlen(prefix)))
			fprintf(text,
				"<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
				"<ETag>&quot;%s&quot;</ETag><Size>%ld</Size></Contents>",
				strchr(object->path + 1, '/') + 1, object->etag, object->bytes);
	pthread_mutex_unlock(&lock);
	fputs("</ListBucketResult>", text);
	fclose(text);
	bool is_sent = answer(c, "200 OK", "Content-Type: application/xml\r\n", body);
	free(body);
	return is_sent;
}

static bool serve(struct connection *c, struct request *request) {
	if (!strcmp(request->method, "PUT"))
		return put(c, request);
	if (!strcmp(request->method, "POST"))
		return post(c, request);
	if (!strcmp(request->method, "DELETE"))
		return send_all(c, "HTTP/1.1 204 No Content\r\n\r\n", 27);
	const char *key = strchr(request->path + 1, '/');
	if (!key || !key[1])
		return list(c, request);
	pthread_mutex_lock(&lock);
	const struct object *object = find_object(request->path);
	pthread_mutex_unlock(&lock);
	if (object && object->is_whole)
		return get(c, request, object);
	return *request->method == 'H' ? answer(c, "404 Not Found", "", "") : refuse(c, "404 Not Found", "NoSuchKey");
}

static void *talk(void *given) {
	struct connection *c = given;
	struct request *request = malloc(sizeof *request);
	bool is_open = !c->tls || SSL_accept(c->tls) == 1;
	while (is_open && read_request(c, request) && serve(c, request))
		;
	SSL_free(c->tls);
	close(c->socket);
	free(request);
	free(c);
	return NULL;
}

int main(int count, char **words) {
	prepare_crcs();
	signal(SIGPIPE, SIG_IGN);
	bool has_key = count == 3;
	listen_for(talk, has_key ? words[1] : NULL, has_key ? words[2] : NULL);
}
