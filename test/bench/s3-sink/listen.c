#include "listen.h"
#include "http.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct listener {
	int socket;
	SSL_CTX *tls;
	void *(*talk)(void *);
};

static struct listener open_listener(void *(*talk)(void *), SSL_CTX *tls) {
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (void *)&address, length) || listen(listener, 512) ||
		getsockname(listener, (void *)&address, &length)) {
		perror("s3-sink");
		exit(1);
	}
	printf("%d\n", ntohs(address.sin_port));
	return (struct listener){ listener, tls, talk };
}

static void *accept_all(void *given) {
	struct listener *listener = given;
	int one = 1;
	for (;;) {
		struct connection *c = malloc(sizeof *c);
		c->start = c->end = 0;
		c->socket = accept(listener->socket, NULL, NULL);
		setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		c->tls = listener->tls ? SSL_new(listener->tls) : NULL;
		if (c->tls)
			SSL_set_fd(c->tls, c->socket);
		pthread_t thread;
		pthread_create(&thread, NULL, listener->talk, c);
		pthread_detach(thread);
	}
	return NULL;
}

void listen_for(void *(*talk)(void *), const char *certificate, const char *key) {
	struct listener plain = open_listener(talk, NULL), secret;
	pthread_t thread;
	if (certificate) {
		SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
		if (SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
			SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
			fprintf(stderr, "s3-sink: %s and %s are no certificate and its key\n", certificate, key);
			exit(1);
		}
		secret = open_listener(talk, tls);
		pthread_create(&thread, NULL, accept_all, &secret);
	}
	fflush(stdout);
	accept_all(&plain);
}
