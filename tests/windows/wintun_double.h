/* SPDX-License-Identifier: MIT */
/* The tests' double of wintun.dll: the functions of the library over rings in shared memory, whose
 * other end is a test in place of the host's network. Header of both ends. A ring is bytes with a
 * head (taken) and a tail (put), which only grow; a record is a length and the packet, at multiples
 * of 8, and never wraps: a record of WINTUN_SKIP leads to the start. alert: its reader has found it
 * empty, and waits for an event. */
#ifndef TESTS_WINDOWS_WINTUN_DOUBLE_H
#define TESTS_WINDOWS_WINTUN_DOUBLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <winsock2.h>

#include <windows.h>

#define WINTUN_RING	(1u << 22)
#define WINTUN_SKIP	UINT32_MAX
#define WINTUN_NAME	64
#define WINTUN_LUID	0x5854000000000000ull /* and the number of the adapter's name */
#define WINTUN_HEAD	8u
#define WINTUN_ROUND(n) (((n) + 7u) & ~7u)

struct wintun_ring {
	volatile LONG64 head, tail;
	volatile LONG alert;
	uint8_t bytes[WINTUN_RING];
};

/* adapter, session  an endpoint has made them
 * ended		the test has removed the adapter */
struct wintun_shared {
	volatile LONG adapter, session, ended;
	struct wintun_ring to_endpoint, to_host;
};

/* One end. come: set after a packet was put in the ring that this end reads; sent: likewise for the
 * other end. */
struct wintun_end {
	HANDLE mapping, come, sent;
	struct wintun_shared *shared;
};

static inline HANDLE wintun_event(const wchar_t *name, const wchar_t *kind)
{
	wchar_t full[WINTUN_NAME * 2];

	swprintf(full, sizeof(full) / sizeof(full[0]), L"Local\\xtunnel-%ls-%ls", kind, name);
	return CreateEventW(NULL, FALSE, FALSE, full);
}

/* Made by the end that comes first. */
static inline bool wintun_end_open(struct wintun_end *end, const wchar_t *name, bool host)
{
	wchar_t full[WINTUN_NAME * 2];

	memset(end, 0, sizeof(*end));
	swprintf(full, sizeof(full) / sizeof(full[0]), L"Local\\xtunnel-wintun-%ls", name);
	end->mapping = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
					  sizeof(struct wintun_shared), full);
	if (end->mapping)
		end->shared = MapViewOfFile(end->mapping, FILE_MAP_ALL_ACCESS, 0, 0, 0);
	end->come = wintun_event(name, host ? L"out" : L"in");
	end->sent = wintun_event(name, host ? L"in" : L"out");
	return end->shared && end->come && end->sent;
}

static inline void wintun_end_close(struct wintun_end *end)
{
	if (end->shared)
		UnmapViewOfFile(end->shared);
	if (end->mapping)
		CloseHandle(end->mapping);
	if (end->come)
		CloseHandle(end->come);
	if (end->sent)
		CloseHandle(end->sent);
	memset(end, 0, sizeof(*end));
}

/* Room for a record from *at on; NULL: the ring is full. Moves *at past it. */
static inline uint8_t *wintun_ring_room(struct wintun_ring *ring, LONG64 *at, uint32_t len)
{
	uint32_t need = WINTUN_HEAD + WINTUN_ROUND(len);
	uint32_t offset = (uint32_t)(*at % WINTUN_RING);
	LONG64 head = ring->head, from = *at;

	if (WINTUN_RING - offset < need) {
		from += WINTUN_RING - offset;
		if (from + need - head > WINTUN_RING)
			return NULL;
		*(volatile uint32_t *)(ring->bytes + offset) = WINTUN_SKIP;
		offset = 0;
	}
	if (from + need - head > WINTUN_RING)
		return NULL;
	*at = from + need;
	*(volatile uint32_t *)(ring->bytes + offset) = len;
	return ring->bytes + offset + WINTUN_HEAD;
}

/* Records up to tail can be read. */
static inline void wintun_ring_put(struct wintun_ring *ring, LONG64 tail, HANDLE event)
{
	InterlockedExchange64(&ring->tail, tail);
	if (InterlockedExchange(&ring->alert, 0))
		SetEvent(event);
}

/* The record at *at, past a skip; NULL: there is none up to tail. */
static inline uint8_t *wintun_ring_next(struct wintun_ring *ring, LONG64 *at, uint32_t *len)
{
	uint32_t offset;

	if (*at >= ring->tail) {
		InterlockedExchange(&ring->alert, 1);
		if (*at >= ring->tail)
			return NULL;
	}
	MemoryBarrier();
	offset = (uint32_t)(*at % WINTUN_RING);
	*len = *(volatile uint32_t *)(ring->bytes + offset);
	if (*len == WINTUN_SKIP) {
		*at += WINTUN_RING - offset;
		offset = 0;
		*len = *(volatile uint32_t *)ring->bytes;
	}
	*at += WINTUN_HEAD + WINTUN_ROUND(*len);
	return ring->bytes + offset + WINTUN_HEAD;
}

/* --- the end of the test --- */

/* Let the host route a packet into the adapter. false: the ring is full. */
static inline bool wintun_host_put(struct wintun_end *host, const void *packet, uint32_t len)
{
	struct wintun_ring *ring = &host->shared->to_endpoint;
	LONG64 at = ring->tail;
	uint8_t *room = wintun_ring_room(ring, &at, len);

	if (!room)
		return false;
	memcpy(room, packet, len);
	wintun_ring_put(ring, at, host->sent);
	return true;
}

/* The oldest packet that the endpoint wrote, at most size bytes of it; 0: none. */
static inline uint32_t wintun_host_take(struct wintun_end *host, void *packet, uint32_t size)
{
	struct wintun_ring *ring = &host->shared->to_host;
	LONG64 at = ring->head;
	uint32_t len = 0;
	const uint8_t *bytes = wintun_ring_next(ring, &at, &len);

	if (!bytes)
		return 0;
	memcpy(packet, bytes, len < size ? len : size);
	MemoryBarrier();
	InterlockedExchange64(&ring->head, at);
	return len;
}

/* Remove the adapter under the endpoint. */
static inline void wintun_host_unplug(struct wintun_end *host)
{
	InterlockedExchange(&host->shared->ended, 1);
	SetEvent(host->sent);
}

#endif
