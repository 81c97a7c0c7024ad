/*-------------------------------------------------------------------------
 *
 * http_callback.c
 *	  What runs inside libcurl's frames, on behalf of http.c.
 *
 * An error that jumped out of here would leave libcurl's state broken, so
 * nothing here raises one, pallocs or serves interrupts.  Memory is malloc'd,
 * and what went wrong is noted for http.c to raise.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <limits.h>

#include "storage/latch.h"

#include "base/compat.h"
#include "http/http_data.h"

#define BODY_MOST_AHEAD (1024 * 1024)	/* of a Content-Length, until it has come */

/* If the line is the named header's, copies its value, blanks cut off. */
static bool
header_value(const char *line, size_t length, const char *name,
			 char *value, size_t value_size)
{
	size_t		name_length = strlen(name);

	if (length <= name_length || pg_strncasecmp(line, name, name_length) != 0 ||
		line[name_length] != ':')
		return false;
	line += name_length + 1;
	length -= name_length + 1;
	while (length > 0 && (*line == ' ' || *line == '\t'))
	{
		line++;
		length--;
	}
	while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL)
		length--;
	if (length == 0 || length >= value_size)
		return false;
	memcpy(value, line, length);
	value[length] = '\0';
	return true;
}

int
http_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	HttpPool   *pool = arg;
	int			i = 0;

	while (i < pool->nsockets && pool->sockets[i].fd != fd)
		i++;

	if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE)
	{
		if (i < pool->nsockets)
			pool->sockets[i] = pool->sockets[--pool->nsockets];
		return 0;
	}

	if (i == pool->sockets_size)
	{
		int			size = Max(8, pool->sockets_size * 2);
		WaitSocket *sockets = realloc(pool->sockets, size * sizeof(WaitSocket));

		if (sockets == NULL)
		{
			pool->out_of_memory = true;
			return -1;
		}
		pool->sockets = sockets;
		pool->sockets_size = size;
	}
	if (i == pool->nsockets)
	{
		pool->nsockets++;
		pool->sockets[i].fd = fd;
		pool->sockets[i].ready = 0;
	}
	pool->sockets[i].events = (what & CURL_POLL_IN ? WL_SOCKET_READABLE : 0) |
		(what & CURL_POLL_OUT ? WL_SOCKET_WRITEABLE : 0);
	return 0;
}

int
http_on_timer(CURLM *multi, long milliseconds, void *arg)
{
	HttpPool   *pool = arg;

	pool->timer = milliseconds < 0 ? DT_NOEND :
		wait_later(wait_clock(), milliseconds);
	return 0;
}

/* A program that the server starts must not inherit the connection. */
int
http_on_open(void *unused, curl_socket_t fd, curlsocktype purpose)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ?
		CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

size_t
http_on_body(char *data, size_t size, size_t count, void *arg)
{
	return http_decode(arg, data, size * count) ? size * count : 0;
}

/* Codings given in several headers, or in one, were applied one after the other. */
static HttpCoding
content_coding(HttpCoding before, const char *value)
{
	if (pg_strcasecmp(value, "identity") == 0)
		return before;
	if (before == HTTP_PLAIN &&
		(pg_strcasecmp(value, "gzip") == 0 || pg_strcasecmp(value, "x-gzip") == 0))
		return HTTP_GZIP;
	return HTTP_FOREIGN;
}

size_t
http_on_header(char *line, size_t size, size_t count, void *arg)
{
	HttpCall   *call = arg;
	size_t		length = size * count;
	char		value[64];

	call->head += length;
	if (call->head > HTTP_MAX_HEAD)
	{
		call->unusable = "the headers of the answer are longer than 256 kB";
		return 0;
	}
	if (length >= 5 && strncmp(line, "HTTP/", 5) == 0)
	{
		/* the headers of an interim answer are not this one's */
		call->result.date = call->retry_seconds = call->retry_date = -1;
		call->announced = 0;
		call->coding = HTTP_PLAIN;
	}
	else if (header_value(line, length, "Content-Encoding", value, sizeof(value)))
		call->coding = content_coding(call->coding, value);
	else if (header_value(line, length, "Date", value, sizeof(value)))
		call->result.date = curl_getdate(value, NULL);
	else if (header_value(line, length, "Content-Length", value, sizeof(value)))
		call->announced = Min(Max(strtoll(value, NULL, 10), 0), BODY_MOST_AHEAD);
	else if (header_value(line, length, "Retry-After", value, sizeof(value)))
	{
		if (strspn(value, "0123456789") == strlen(value))
			call->retry_seconds = Min(strtoll(value, NULL, 10), INT_MAX);
		else
			call->retry_date = curl_getdate(value, NULL);
	}
	return length;
}

/*
 * libcurl calls this before it sends the request, and once more before it repeats,
 * on a new connection, one that a kept connection may have delivered.  A write must
 * not arrive twice, and a read that is repeated must wait for a slot: both are for
 * the caller to decide.
 */
int
http_on_request(void *arg, char *peer, char *own, int peer_port, int own_port)
{
	HttpCall   *call = arg;

	call->repeated = call->sent;
	call->sent = true;
	return call->repeated ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}
