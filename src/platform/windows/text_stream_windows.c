/* SPDX-License-Identifier: MIT */
/* Windows' C library has no stream in memory: a temporary file, which goes with its handle and is
 * written to the disk only when memory is short. */
#include "platform/text_stream.h"

#include <errno.h>
#include <stdlib.h>

#include "platform/windows/system_windows.h"

#include <fcntl.h>
#include <io.h>

int xt_text_stream_open(struct xt_text_stream *stream)
{
	wchar_t folder[MAX_PATH + 1], path[MAX_PATH + 1];
	HANDLE file;
	int fd;

	*stream = (struct xt_text_stream){0};
	if (GetTempPathW(MAX_PATH, folder) == 0 || GetTempFileNameW(folder, L"xt", 0, path) == 0)
		return xt_win_last();
	file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
			   FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
	if (file == INVALID_HANDLE_VALUE)
		return xt_win_last();
	fd = _open_osfhandle((intptr_t)file, _O_RDWR | _O_BINARY);
	stream->file = fd < 0 ? NULL : _fdopen(fd, "w+b");
	if (stream->file)
		return 0;
	if (fd >= 0)
		_close(fd);
	else
		CloseHandle(file);
	return -EMFILE;
}

int xt_text_stream_close(struct xt_text_stream *stream, char **text, size_t *len)
{
	long end = fseek(stream->file, 0, SEEK_END) == 0 ? ftell(stream->file) : -1;
	size_t n = end > 0 ? (size_t)end : 0;
	char *out = end >= 0 ? malloc(n + 1) : NULL;
	int rc = out ? 0 : -ENOMEM;

	rewind(stream->file);
	if (out && fread(out, 1, n, stream->file) != n)
		rc = -EIO;
	(void)fclose(stream->file);
	if (rc < 0) {
		free(out);
		out = NULL;
		n = 0;
	} else {
		out[n] = '\0';
	}
	*text = out;
	*len = n;
	return rc;
}
