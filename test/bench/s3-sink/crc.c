#include "crc.h"
#include <string.h>

struct crc crcs[CRC_COUNT] = {
	{ .name = "crc64nvme", .width = 64, .polynomial = 0x9a6c9329ac4bc9b5 },
	{ .name = "crc32c", .width = 32, .polynomial = 0x82f63b78 },
	{ .name = "crc32", .width = 32, .polynomial = 0xedb88320 },
};

static uint64_t ones(const struct crc *crc) {
	return crc->width == 64 ? ~0ULL : 0xffffffff;
}

void prepare_crcs(void) {
	for (struct crc *crc = crcs; crc < crcs + CRC_COUNT; crc++) {
		for (int byte = 0; byte < 256; byte++) {
			uint64_t value = byte;
			for (int bit = 0; bit < 8; bit++)
				value = value & 1 ? value >> 1 ^ crc->polynomial : value >> 1;
			crc->tables[0][byte] = value;
		}
		for (int behind = 1; behind < 16; behind++)
			for (int byte = 0; byte < 256; byte++) {
				uint64_t value = crc->tables[behind - 1][byte];
				crc->tables[behind][byte] = value >> 8 ^ crc->tables[0][value & 255];
			}
	}
}

/* Sixteen bytes at once, a table for each. */
uint64_t update_crc(const struct crc *crc, uint64_t value, const unsigned char *bytes, size_t count) {
	const uint64_t(*tables)[256] = crc->tables;
	value ^= ones(crc);
	for (; count >= 16; bytes += 16, count -= 16) {
		uint64_t low, high, next = 0;
		memcpy(&low, bytes, 8);
		memcpy(&high, bytes + 8, 8);
		low ^= value;
		for (int at = 0; at < 8; at++)
			next ^= tables[15 - at][low >> 8 * at & 255] ^ tables[7 - at][high >> 8 * at & 255];
		value = next;
	}
	while (count--)
		value = value >> 8 ^ tables[0][(value ^ *bytes++) & 255];
	return value ^ ones(crc);
}

/* Of polynomials modulo that of the CRC; the highest bit is x^0. */
static uint64_t multiply(const struct crc *crc, uint64_t a, uint64_t b) {
	uint64_t product = 0;
	for (uint64_t bit = 1ULL << (crc->width - 1); bit; bit >>= 1) {
		if (a & bit)
			product ^= b;
		b = b & 1 ? b >> 1 ^ crc->polynomial : b >> 1;
	}
	return product;
}

uint64_t combine_crcs(const struct crc *crc, uint64_t first, uint64_t second, uint64_t second_bytes) {
	uint64_t power = 1ULL << (crc->width - 9), shift = 1ULL << (crc->width - 1);
	for (; second_bytes; second_bytes >>= 1) {
		if (second_bytes & 1)
			shift = multiply(crc, shift, power);
		power = multiply(crc, power, power);
	}
	return multiply(crc, shift, first) ^ second;
}
