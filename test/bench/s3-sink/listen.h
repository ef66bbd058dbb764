/* Runs `talk` in a thread for each connection, which it is given and has to free; prints a port, and with a certificate and its
   key, which are files, a second one for TLS. Does not return. */
void listen_for(void *(*talk)(void *), const char *certificate, const char *key);
