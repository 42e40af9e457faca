/* SPDX-License-Identifier: MIT */
/* wintun.dll as the tests have it: its functions, with the errors that the library's documentation
 * names. Packets may be released, and sent, in another order than they were received or allocated;
 * each becomes free, or visible, when all before it are. See wintun_double.h. */
#include "wintun_double.h"

#include <stdlib.h>

#define EXPORT	 __declspec(dllexport)
#define PENDING	 256 /* packets received and not released, or allocated and not sent */
#define CAPACITY 0x4000000u

/* A packet between two functions. end: of its record. */
struct pending {
	const BYTE *packet;
	LONG64 end;
	bool done;
};

struct queue {
	struct pending v[PENDING];
	unsigned first, n;
};

/* created: by this handle, whose end removes it */
struct adapter {
	struct wintun_end end;
	bool created;
	wchar_t name[WINTUN_NAME];
};

/* read, write  the ends of what was received and allocated */
struct session {
	struct adapter *adapter;
	LONG64 read, write;
	struct queue received, allocated;
};

static bool queue_add(struct queue *queue, const BYTE *packet, LONG64 end)
{
	if (queue->n == PENDING)
		return false;
	queue->v[(queue->first + queue->n++) % PENDING] = (struct pending){packet, end, false};
	return true;
}

/* Ends the packet. Returns the end of the last one of those that are over in order, 0: none. */
static LONG64 queue_end(struct queue *queue, const BYTE *packet)
{
	LONG64 end = 0;

	for (unsigned i = 0; i < queue->n; i++)
		if (queue->v[(queue->first + i) % PENDING].packet == packet)
			queue->v[(queue->first + i) % PENDING].done = true;
	while (queue->n > 0 && queue->v[queue->first].done) {
		end = queue->v[queue->first].end;
		queue->first = (queue->first + 1) % PENDING;
		queue->n--;
	}
	return end;
}

static struct adapter *adapter_new(const WCHAR *name, bool create)
{
	struct adapter *adapter;
	LONG before;

	if (!name || !*name || wcslen(name) >= WINTUN_NAME) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	adapter = calloc(1, sizeof(*adapter));
	if (!adapter || !wintun_end_open(&adapter->end, name, false)) {
		free(adapter);
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	before = InterlockedCompareExchange(&adapter->end.shared->adapter, create, 0);
	if (!create == !before) { /* to be opened and not there, or the reverse */
		wintun_end_close(&adapter->end);
		free(adapter);
		SetLastError(create ? ERROR_ALREADY_EXISTS : ERROR_NOT_FOUND);
		return NULL;
	}
	wcscpy(adapter->name, name);
	adapter->created = create;
	return adapter;
}

EXPORT void *WINAPI WintunCreateAdapter(const WCHAR *name, const WCHAR *type, const GUID *id)
{
	(void)id;
	if (!type || !*type) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return adapter_new(name, true);
}

EXPORT void *WINAPI WintunOpenAdapter(const WCHAR *name)
{
	return adapter_new(name, false);
}

EXPORT void WINAPI WintunCloseAdapter(void *handle)
{
	struct adapter *adapter = handle;

	if (!adapter)
		return;
	if (adapter->created)
		InterlockedExchange(&adapter->end.shared->adapter, 0);
	wintun_end_close(&adapter->end);
	free(adapter);
}

EXPORT BOOL WINAPI WintunDeleteDriver(void)
{
	return TRUE;
}

EXPORT void WINAPI WintunGetAdapterLUID(void *handle, ULONG64 *luid)
{
	const struct adapter *adapter = handle;
	ULONG64 number = 0;

	for (const wchar_t *at = adapter->name; *at; at++)
		number = (number * 131 + *at) & 0xffffff;
	*luid = WINTUN_LUID | number;
}

EXPORT DWORD WINAPI WintunGetRunningDriverVersion(void)
{
	return 14;
}

EXPORT void WINAPI WintunSetLogger(void *logger)
{
	(void)logger;
}

EXPORT void *WINAPI WintunStartSession(void *handle, DWORD capacity)
{
	struct adapter *adapter = handle;
	struct session *session;

	if (capacity < 0x20000 || capacity > CAPACITY || (capacity & (capacity - 1)) != 0) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	if (InterlockedExchange(&adapter->end.shared->session, 1)) {
		SetLastError(ERROR_ALREADY_INITIALIZED);
		return NULL;
	}
	session = calloc(1, sizeof(*session));
	if (!session) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	session->adapter = adapter;
	session->read = adapter->end.shared->to_endpoint.head;
	session->write = adapter->end.shared->to_host.tail;
	return session;
}

EXPORT void WINAPI WintunEndSession(void *handle)
{
	struct session *session = handle;

	InterlockedExchange(&session->adapter->end.shared->session, 0);
	free(session);
}

EXPORT HANDLE WINAPI WintunGetReadWaitEvent(void *handle)
{
	return ((struct session *)handle)->adapter->end.come;
}

EXPORT BYTE *WINAPI WintunReceivePacket(void *handle, DWORD *size)
{
	struct session *session = handle;
	struct wintun_shared *shared = session->adapter->end.shared;
	LONG64 at = session->read;
	uint32_t len = 0;
	BYTE *packet;

	if (shared->ended) {
		SetLastError(ERROR_HANDLE_EOF);
		return NULL;
	}
	packet = wintun_ring_next(&shared->to_endpoint, &at, &len);
	if (!packet || !queue_add(&session->received, packet, at)) {
		SetLastError(packet ? ERROR_INVALID_DATA : ERROR_NO_MORE_ITEMS);
		return NULL;
	}
	session->read = at;
	*size = len;
	return packet;
}

EXPORT void WINAPI WintunReleaseReceivePacket(void *handle, const BYTE *packet)
{
	struct session *session = handle;
	LONG64 end = queue_end(&session->received, packet);

	if (end != 0)
		InterlockedExchange64(&session->adapter->end.shared->to_endpoint.head, end);
}

EXPORT BYTE *WINAPI WintunAllocateSendPacket(void *handle, DWORD size)
{
	struct session *session = handle;
	struct wintun_shared *shared = session->adapter->end.shared;
	BYTE *room;

	if (shared->ended) {
		SetLastError(ERROR_HANDLE_EOF);
		return NULL;
	}
	room = size > 0xffff || session->allocated.n == PENDING
		   ? NULL
		   : wintun_ring_room(&shared->to_host, &session->write, size);
	if (!room) {
		SetLastError(ERROR_BUFFER_OVERFLOW);
		return NULL;
	}
	(void)queue_add(&session->allocated, room, session->write);
	return room;
}

EXPORT void WINAPI WintunSendPacket(void *handle, const BYTE *packet)
{
	struct session *session = handle;
	LONG64 end = queue_end(&session->allocated, packet);

	if (end != 0)
		wintun_ring_put(&session->adapter->end.shared->to_host, end,
				session->adapter->end.sent);
}
