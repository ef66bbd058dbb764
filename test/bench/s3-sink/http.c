#define _GNU_SOURCE
#include "http.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static bool receive(struct connection *c) {
	if (c->start == c->end)
		c->start = c->end = 0;
	if (c->end == sizeof c->buffer) {
		memmove(c->buffer, c->buffer + c->start, c->end - c->start);
		c->end -= c->start;
		c->start = 0;
	}
	size_t room = sizeof c->buffer - c->end;
	ssize_t count = c->tls ? SSL_read(c->tls, c->buffer + c->end, room) : recv(c->socket, c->buffer + c->end, room, 0);
	if (count > 0)
		c->end += count;
	return count > 0;
}

bool send_all(struct connection *c, const void *bytes, size_t count) {
	while (count) {
		ssize_t sent = c->tls ? SSL_write(c->tls, bytes, count) : send(c->socket, bytes, count, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes = (const char *)bytes + sent;
		count -= sent;
	}
	return true;
}

const char *header_of(const struct request *request, const char *name, size_t *length) {
	size_t name_length = strlen(name);
	for (const char *line = request->headers; (line = strstr(line, "\r\n")) != NULL;) {
		line += 2;
		if (strncasecmp(line, name, name_length) || line[name_length] != ':')
			continue;
		const char *value = line + name_length + 1;
		value += strspn(value, " ");
		*length = strcspn(value, "\r");
		return value;
	}
	return NULL;
}

static bool split_first_line(struct request *request) {
	char *method = request->head, *rest = strstr(request->head, "\r\n");
	request->headers = rest;
	request->path = method + strcspn(method, " ");
	char *end = request->path + 1 + strcspn(request->path + 1, " ");
	if (request->path >= rest || end >= rest)
		return false;
	*request->path++ = *end = 0;
	snprintf(request->method, sizeof request->method, "%.7s", method);
	request->query = request->path;
	strsep(&request->query, "?");
	if (!request->query)
		request->query = end;
	return true;
}

static bool prepare_body(struct connection *c, struct request *request) {
	size_t length;
	const char *value = header_of(request, "content-length", &length);
	request->body_left = value ? atol(value) : 0;
	/* No client of the bench chunks its bodies over plain HTTP. */
	if (header_of(request, "transfer-encoding", &length) || header_of(request, "x-amz-trailer", &length))
		return false;
	return !header_of(request, "expect", &length) || send_all(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

bool read_request(struct connection *c, struct request *request) {
	char *end;
	while (!(end = memmem(c->buffer + c->start, c->end - c->start, "\r\n\r\n", 4)))
		if (c->end - c->start >= HEAD_BYTES || !receive(c))
			return false;
	size_t length = end + 2 - (c->buffer + c->start);
	if (length >= HEAD_BYTES)
		return false;
	memcpy(request->head, c->buffer + c->start, length);
	request->head[length] = 0;
	c->start += length + 2;

	return split_first_line(request) && prepare_body(c, request);
}

long read_body(struct connection *c, struct request *request, char **bytes) {
	if (request->body_left == 0)
		return 0;
	if (c->start == c->end && !receive(c))
		return -1;
	long count = c->end - c->start;
	if (count > request->body_left)
		count = request->body_left;
	*bytes = c->buffer + c->start;
	c->start += count;
	request->body_left -= count;
	return count;
}
