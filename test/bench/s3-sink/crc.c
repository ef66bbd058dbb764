#include "crc.h"
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

struct crc crcs[CRC_COUNT] = {
	{ .name = "crc64nvme", .width = 64, .polynomial = 0x9a6c9329ac4bc9b5 },
	{ .name = "crc32c", .width = 32, .polynomial = 0x82f63b78 },
	{ .name = "crc32", .width = 32, .polynomial = 0xedb88320 },
};

static uint64_t ones(const struct crc *crc) {
	return crc->width == 64 ? ~0ULL : 0xffffffff;
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

static uint64_t power_of_x(const struct crc *crc, unsigned exponent) {
	uint64_t value = 1ULL << (crc->width - 1);
	while (exponent--)
		value = value & 1 ? value >> 1 ^ crc->polynomial : value >> 1;
	return value << (64 - crc->width);
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
		crc->fold_first = power_of_x(crc, 575);
		crc->fold_second = power_of_x(crc, 511);
	}
}

/* Sixteen bytes at once, a table for each. */
static uint64_t by_tables(const struct crc *crc, uint64_t value, const unsigned char *bytes, size_t count) {
	const uint64_t(*tables)[256] = crc->tables;
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
	return value;
}

#ifdef __x86_64__
/* The bytes, a multiple of 64, folded into the 64 of `left`: a product of two words whose highest bit is x^0 is one x too large. */
__attribute__((target("pclmul,sse2"))) static void fold(const struct crc *crc, uint64_t value,
	const unsigned char *bytes, size_t count, unsigned char *left) {
	const __m128i *blocks = (const __m128i *)bytes;
	const __m128i by = _mm_set_epi64x(crc->fold_second, crc->fold_first);
	__m128i sums[4];
	for (int at = 0; at < 4; at++)
		sums[at] = _mm_loadu_si128(blocks + at);
	sums[0] = _mm_xor_si128(sums[0], _mm_set_epi64x(0, value));
	for (blocks += 4; (const unsigned char *)blocks < bytes + count; blocks += 4)
		for (int at = 0; at < 4; at++) {
			__m128i first = _mm_clmulepi64_si128(sums[at], by, 0x00), second = _mm_clmulepi64_si128(sums[at], by, 0x11);
			sums[at] = _mm_xor_si128(_mm_xor_si128(first, second), _mm_loadu_si128(blocks + at));
		}
	memcpy(left, sums, sizeof sums);
}
#endif

uint64_t update_crc(const struct crc *crc, uint64_t value, const unsigned char *bytes, size_t count) {
	value ^= ones(crc);
#ifdef __x86_64__
	if (count >= 256 && __builtin_cpu_supports("pclmul")) {
		unsigned char left[64];
		size_t whole = count & ~63UL;
		fold(crc, value, bytes, whole, left);
		value = by_tables(crc, 0, left, sizeof left);
		bytes += whole;
		count -= whole;
	}
#endif
	return by_tables(crc, value, bytes, count) ^ ones(crc);
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
