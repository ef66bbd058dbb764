#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#define HEAD_BYTES 16384

struct connection {
	int socket;
	SSL *tls; /* NULL over plain HTTP */
	size_t start, end;
	char buffer[256 * 1024];
};

struct request {
	char method[8];
	char *path; /* without its query, percent-encoded still */
	char *query;
	char *headers; /* from the end of the first line on */
	long body_left;
	char head[HEAD_BYTES];
};

/* False when the client has gone, or speaks something else. */
bool read_request(struct connection *, struct request *);
/* A header's value, its length in `length`; NULL if there is none. `name` is in lower case. */
const char *header_of(const struct request *, const char *name, size_t *length);
/* The next bytes of the body, which are consumed; 0 at its end, -1 when the client has gone. */
long read_body(struct connection *, struct request *, char **);
/* False when the client has gone. */
bool send_all(struct connection *, const void *, size_t);
