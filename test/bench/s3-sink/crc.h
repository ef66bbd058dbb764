#include <stddef.h>
#include <stdint.h>

/* Reflected CRCs, as S3 uses them; one of 32 bits lives in the low half of 64. */
struct crc {
	const char *name; /* as in x-amz-checksum-NAME */
	int width;
	uint64_t polynomial;
	uint64_t tables[16][256];
	uint64_t fold_first, fold_second; /* x^575 and x^511, their highest bit x^0 */
};

#define CRC_COUNT 3
extern struct crc crcs[CRC_COUNT];

void prepare_crcs(void);
/* From 0 for the first bytes of a message; what is returned goes in again with the next. */
uint64_t update_crc(const struct crc *, uint64_t, const unsigned char *, size_t);
/* The CRC of two messages one after the other, from theirs and the second's length. */
uint64_t combine_crcs(const struct crc *, uint64_t first, uint64_t second, uint64_t second_bytes);
