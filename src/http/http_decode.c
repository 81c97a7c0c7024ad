/*-------------------------------------------------------------------------
 *
 * http_decode.c
 *	  Bodies as they come, from gzip to bytes.
 *
 * libcurl's own decoder takes a gzip of one member alone (RFC 1952 allows several,
 * one after the other).  What is decoded here goes straight into the body, and never
 * beyond max_response_size.
 *
 * This runs inside libcurl's frames: no errors, no palloc, no interrupts; but it ends
 * where one waits, as a little gzip may be a large body.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "libpq/pqsignal.h"
#include "miscadmin.h"

#include "http/http_data.h"

#define BODY_FIRST_SIZE (32 * 1024)

/* Bytes between two looks at interrupts. */
#define INFLATE_ONCE (1024 * 1024)

/* A window of 32 kB, and gzip's header and trailer. */
#define GZIP_WINDOW_BITS (15 + 16)

/*
 * Is there an interrupt that the caller, outside of libcurl, will not come back from?  It has
 * all signals blocked, for threads that are made; none is made here, so they may come.
 */
static bool
is_interrupted(void)
{
	sigset_t	blocked;

	pthread_sigmask(SIG_SETMASK, &UnBlockSig, &blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, NULL);
	return (QueryCancelPending || ProcDiePending) && InterruptHoldoffCount == 0 &&
		QueryCancelHoldoffCount == 0 && CritSectionCount == 0;
}

/* Room for more bytes and the NUL; false if there is no memory. */
static bool
make_room(HttpCall *call, size_t length)
{
	size_t		needed = call->result.body_length + length + 1;
	size_t		wanted = Max(call->body_size * 2, call->announced + 1);
	char	   *body;

	if (needed <= call->body_size)
		return true;
	wanted = Max(wanted, BODY_FIRST_SIZE);
	while (wanted < needed)
		wanted *= 2;
	/* for one byte too many, and the NUL */
	wanted = Min(wanted, (size_t) call->max_response_size + 2);
	body = realloc(call->result.body, wanted);
	if (body == NULL)
	{
		call->pool->out_of_memory = true;
		return false;
	}
	call->result.body = body;
	call->body_size = wanted;
	return true;
}

static bool
append_body(HttpCall *call, const char *data, size_t length)
{
	HttpResult *result = &call->result;

	if (length > (size_t) call->max_response_size - result->body_length)
	{
		call->too_large = true;
		return false;
	}
	if (!make_room(call, length))
		return false;
	memcpy(result->body + result->body_length, data, length);
	result->body_length += length;
	result->body[result->body_length] = '\0';
	return true;
}

/* Lets zlib fill what room there is; false if that went wrong. */
static bool
inflate_some(HttpCall *call)
{
	HttpResult *result = &call->result;
	z_stream   *stream = &call->inflate;
	size_t		left = (size_t) call->max_response_size - result->body_length;
	size_t		room;
	int			code;

	if (!make_room(call, 1))
		return false;
	/* one byte more tells that there is more */
	room = Min(call->body_size - result->body_length - 1, left + 1);
	stream->next_out = (Bytef *) result->body + result->body_length;
	stream->avail_out = Min(room, INFLATE_ONCE);
	room = stream->avail_out;
	code = inflate(stream, Z_NO_FLUSH);
	result->body_length += room - stream->avail_out;
	result->body[result->body_length] = '\0';

	call->too_large = result->body_length > (size_t) call->max_response_size;
	call->in_member = code != Z_STREAM_END;
	if (code == Z_STREAM_END)
		code = inflateReset(stream);	/* another may follow */
	call->pool->out_of_memory |= code == Z_MEM_ERROR;
	if (code != Z_OK && code != Z_BUF_ERROR)
		call->unusable = stream->msg ? stream->msg : "the body is no gzip";
	return !call->too_large && (code == Z_OK || code == Z_BUF_ERROR);
}

static bool
append_gzip(HttpCall *call, const char *data, size_t length)
{
	z_stream   *stream = &call->inflate;

	/* members without end that hold nothing */
	call->encoded += length;
	if (call->encoded / 2 > call->max_response_size)
	{
		call->too_large = true;
		return false;
	}
	if (!call->inflating)
	{
		if (inflateInit2(stream, GZIP_WINDOW_BITS) != Z_OK)
		{
			call->pool->out_of_memory = true;
			return false;
		}
		call->inflating = true;
	}
	if (length == 0)
		return true;
	stream->next_in = (Bytef *) unconstify(char *, data);
	stream->avail_in = length;
	do
	{
		if (!inflate_some(call))
			return false;
		if (is_interrupted())
		{
			call->unusable = "it was interrupted";
			return false;
		}
	} while (stream->avail_in > 0 || (call->in_member && stream->avail_out == 0));
	return true;
}

bool
http_decode(HttpCall *call, const char *data, size_t length)
{
	switch (call->coding)
	{
		case HTTP_PLAIN:
			return append_body(call, data, length);
		case HTTP_GZIP:
			return append_gzip(call, data, length);
		case HTTP_FOREIGN:
			break;
	}
	call->unusable = "the body is encoded in a way that was not asked for";
	return false;
}

void
http_decode_end(HttpCall *call, bool complete)
{
	if (complete && call->in_member && !call->unusable)
		call->unusable = "the gzip of the body ends too early";
	if (call->inflating)
		inflateEnd(&call->inflate);
	call->inflating = false;
}
