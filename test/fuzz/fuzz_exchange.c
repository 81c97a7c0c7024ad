/*-------------------------------------------------------------------------
 *
 * fuzz_exchange.c
 *	  Whatever bytes come over the wire: rows, or a clean error.
 *
 * An input's first byte chooses a query, and its two highest bits whether a sync's run asks, and whether
 * it has connections of its own; what follows are the answers to its requests,
 * headers and all, each ended by FUZZ_NEXT (then the connection stays open) or
 * FUZZ_LAST; the last one is given to all further requests.  FUZZ_AGAIN n repeats the
 * line before it 2^n times.  A thread sends them; the query runs through all of the
 * extension, built with ASan and UBSan.
 *
 * Asserted: an error is one of those that doc/errors.md knows, and its texts hold no
 * control characters; a statement asks no more than it may; libcurl holds no more than
 * a few megabytes of an answer, and what the query took is given back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "access/xact.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "api/api.h"
#include "api/session.h"
#include "fuzz.h"

#define FUZZ_NEXT	'\x1d'
#define FUZZ_LAST	'\x1e'
#define FUZZ_AGAIN	'\x1c'

#define MOST_ANSWERS 64			/* then connections close without one */
#define MOST_BYTES (4 * 1024 * 1024)	/* of all answers, written out */
#define MOST_REQUESTS 1200		/* of a statement: see count_affordable in pager.c */
#define MOST_LIBCURL (8 * 1024 * 1024)
#define MOST_LEFT (1024 * 1024) /* caches grow a little */

static const char *const queries[] = {
	"SELECT * FROM product",
	"SELECT count(*) FROM product",
	"SELECT * FROM product LIMIT 5",
	"SELECT * FROM lenient WHERE update_time >= '2026-01-01' AND update_time < '2026-01-02'",
	"SELECT * FROM plain",
	"SELECT * FROM role",
	"SELECT * FROM users",
	"SELECT * FROM product WHERE data_id IN (SELECT generate_series(1, 120))",
	"SELECT * FROM product WHERE text_1 = 'x'",
	"SELECT * FROM product UNION ALL SELECT * FROM lenient",
	"SELECT * FROM types",
	"SELECT * FROM labels",
	"SELECT * FROM details",
	"SELECT * FROM labels WHERE owner = 'one' LIMIT 3",
	"SELECT * FROM limited",
};

/* Written by the backend while the thread waits, and the other way round. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct
{
	char	   *bytes;
	size_t		starts[MOST_ANSWERS + 1];
	bool		stays[MOST_ANSWERS];
	int			nanswers;
	int			next;
	int			nrequests;
}			script;
static int	listener;

/* ---- libcurl's memory ---- */

static atomic_long held;
static atomic_long most_held;

#define PREFIX 16

static void *
count_malloc(size_t size)
{
	char	   *block = malloc(size + PREFIX);
	long		now = atomic_fetch_add(&held, size) + size;

	if (block == NULL)
		return NULL;
	*(size_t *) block = size;
	if (now > atomic_load(&most_held))
		atomic_store(&most_held, now);
	return block + PREFIX;
}

static void
count_free(void *pointer)
{
	char	   *block;

	if (pointer == NULL)
		return;
	block = (char *) pointer - PREFIX;
	atomic_fetch_sub(&held, *(size_t *) block);
	free(block);
}

static void *
count_realloc(void *pointer, size_t size)
{
	void	   *fresh = count_malloc(size);

	if (pointer != NULL && fresh != NULL)
	{
		size_t		old = *(size_t *) ((char *) pointer - PREFIX);

		memcpy(fresh, pointer, old < size ? old : size);
		count_free(pointer);
	}
	return fresh;
}

static char *
count_strdup(const char *text)
{
	char	   *copy = count_malloc(strlen(text) + 1);

	return copy ? strcpy(copy, text) : NULL;
}

static void *
count_calloc(size_t n, size_t size)
{
	void	   *block = count_malloc(n * size);

	return block ? memset(block, 0, n * size) : NULL;
}

/* In the place of curl_global_init: see the linker's option --wrap. */
extern CURLcode __wrap_curl_global_init(long flags);

CURLcode
__wrap_curl_global_init(long flags)
{
	return curl_global_init_mem(flags, count_malloc, count_free, count_realloc,
								count_strdup, count_calloc);
}

/* In the place of api_sleep: nobody waits for a list to settle. */
extern void __wrap_api_sleep(ApiQueue *queue, TimestampTz until);

void
__wrap_api_sleep(ApiQueue *queue, TimestampTz until)
{
}

/* In the place of limiter_refused: nor for an account that was refused. */
extern void __wrap_limiter_refused(const LimiterBudget *budget, TimestampTz until);

void
__wrap_limiter_refused(const LimiterBudget *budget, TimestampTz until)
{
}

/* ---- the other side ---- */

/* A request has come; false if none does within so many milliseconds. */
static bool
await_request(int fd, int patience)
{
	struct pollfd ready = {.fd = fd,.events = POLLIN};
	char		buffer[16384];

	return poll(&ready, 1, patience) > 0 && recv(fd, buffer, sizeof(buffer), 0) > 0;
}

static void
serve_connection(int fd)
{
	struct timeval soon = {.tv_sec = 1};
	bool		stays = true;
	int			patience = 1000;

	/* a client that keeps a connection without reading it would hold the lock */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));

	while (stays && await_request(fd, patience))
	{
		int			i;

		patience = 5;

		pthread_mutex_lock(&lock);
		i = script.next < script.nanswers - 1 ? script.next : script.nanswers - 1;
		stays = script.next < MOST_ANSWERS;
		script.next++;
		script.nrequests++;
		if (stays)
		{
			size_t		sent = 0;
			size_t		length = script.starts[i + 1] - script.starts[i];

			while (sent < length)
			{
				ssize_t		n = send(fd, script.bytes + script.starts[i] + sent, length - sent, MSG_NOSIGNAL);

				if (n <= 0)
					break;
				sent += n;
			}
			stays = script.stays[i];
		}
		pthread_mutex_unlock(&lock);
	}
	shutdown(fd, SHUT_WR);
	close(fd);
}

static void *
serve_each(void *arg)
{
	serve_connection((int) (intptr_t) arg);
	return NULL;
}

static void *
serve(void *unused)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 128 * 1024);
	for (;;)
	{
		int			fd = accept(listener, NULL, NULL);
		pthread_t	thread;

		if (fd >= 0 && pthread_create(&thread, &attributes, serve_each, (void *) (intptr_t) fd) == 0)
			pthread_detach(thread);
	}
	return NULL;
}

static void
execute(const char *command)
{
	if (SPI_execute(command, false, 0) < 0)
		fuzz_broken(command);
}

/* ---- the target ---- */

static void
prepare(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t	length = sizeof(address);
	pthread_t	thread;
	sigset_t	all;
	sigset_t	old;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *) &address, sizeof(address)) != 0 ||
		listen(listener, 64) != 0 ||
		getsockname(listener, (struct sockaddr *) &address, &length) != 0)
		fuzz_broken("no port to listen at");
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	pthread_create(&thread, NULL, serve, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	script.bytes = malloc(MOST_BYTES);

	SPI_connect();
	execute(psprintf("CREATE SERVER fuzz FOREIGN DATA WRAPPER fuzz OPTIONS (corpid 'ding', base_url 'http://127.0.0.1:%d', "
					 "rate_limit '0', daily_quota '0', max_retries '0', settle_time '0', request_timeout '2s', "
					 "max_response_size '1MB', busy_words '忙得很， slow down , ,later')", ntohs(address.sin_port)));
	execute("CREATE USER MAPPING FOR PUBLIC SERVER fuzz OPTIONS (token 'user_t', user_id 'u')");
#define COLUMNS "(data_id bigint, update_time timestamptz, text_1 text, num_1 numeric, array_1 text[], " \
	"j jsonb OPTIONS (attr 'num_1'), raw json OPTIONS (attr '*'), day date OPTIONS (attr 'date_1'), error jsonb OPTIONS (attr '#error'))"
	execute("CREATE FOREIGN TABLE product " COLUMNS " SERVER fuzz OPTIONS (object 'product')");
	execute("CREATE FOREIGN TABLE lenient " COLUMNS " SERVER fuzz OPTIONS (object 'product', on_error 'set_null')");
	execute("CREATE DOMAIN short AS varchar(3) CHECK (value <> 'no')");
	execute("CREATE FOREIGN TABLE types (data_id bigint, b boolean OPTIONS (attr 'num_1'), i int OPTIONS (attr 'num_1'), "
			"s smallint OPTIONS (attr 'num_1'), n numeric(6,2) OPTIONS (attr 'num_1'), f float8 OPTIONS (attr 'num_1'), "
			"r real OPTIONS (attr 'num_1'), ts timestamp(0) OPTIONS (attr 'date_1'), tz timestamptz OPTIONS (attr 'date_1'), "
			"day date OPTIONS (attr 'date_1'), u uuid OPTIONS (attr 'text_1'), v short OPTIONS (attr 'text_1'), "
			"c char(3) OPTIONS (attr 'text_1'), by bytea OPTIONS (attr 'text_1'), iv interval OPTIONS (attr 'text_1'), "
			"t time OPTIONS (attr 'date_1'), ns numeric[] OPTIONS (attr 'array_1'), owners text[] OPTIONS (attr 'ownerId'), "
			"js jsonb OPTIONS (attr '*'), deep text OPTIONS (attr 'a.b'), k text OPTIONS (constant 'k'), error json OPTIONS (attr '#error')) "
			"SERVER fuzz OPTIONS (object 'product', on_error 'set_null')");
	execute("CREATE FOREIGN TABLE plain " COLUMNS " SERVER fuzz OPTIONS (object 'product', snapshot 'false')");
	execute("CREATE FOREIGN TABLE limited " COLUMNS " SERVER fuzz OPTIONS (object 'product', request_limit '2')");
	/* objects with values, and their labels, of forms and users that answers bring along */
	execute("CREATE FOREIGN TABLE labels (data_id bigint, text_1 text OPTIONS (show 'label'), "
			"array_1 text[] OPTIONS (show 'label'), owner text OPTIONS (attr 'ownerId', show 'label')) "
			"SERVER fuzz OPTIONS (object 'customer', form_id '1', on_error 'set_null')");
	execute("CREATE FOREIGN TABLE details (data_id bigint, text_1 text, array_1 text[], "
			"memo text OPTIONS (detail 'true')) SERVER fuzz OPTIONS (object 'customer', form_id '1', on_error 'set_null')");
	execute("CREATE FOREIGN TABLE role (id bigint, name text OPTIONS (attr 'roleName')) SERVER fuzz OPTIONS (object 'role')");
	execute("CREATE FOREIGN TABLE users (id text OPTIONS (attr 'userId'), name text) SERVER fuzz OPTIONS (object 'user')");
	/* the server's own Append waits for a postmaster, which "postgres --single" has not */
	execute("SET enable_async_append = off");
	SPI_finish();
	CommandCounterIncrement();
}

static bool
append(size_t *used, const char *bytes, size_t length)
{
	if (*used + length > MOST_BYTES)
		return false;
	memmove(script.bytes + *used, bytes, length);
	*used += length;
	return true;
}

/* Writes the answers out; called while no connection is served. */
static void
write_script(const char *input, size_t size)
{
	size_t		used = 0;
	size_t		line = 0;		/* where the last line begins */

	script.nanswers = script.next = script.nrequests = 0;
	script.starts[0] = 0;
	for (size_t i = 0; i < size && script.nanswers < MOST_ANSWERS; i++)
	{
		char		c = input[i];

		if (c == FUZZ_NEXT || c == FUZZ_LAST)
		{
			script.stays[script.nanswers++] = c == FUZZ_NEXT;
			script.starts[script.nanswers] = line = used;
		}
		else if (c == FUZZ_AGAIN && i + 1 < size)
		{
			size_t		length = used - line;
			int			times = 1 << (input[++i] & 15);

			while (times-- > 0 && append(&used, script.bytes + line, length))
				;
		}
		else if (append(&used, &c, 1) && c != '\n' && used >= 2 && script.bytes[used - 2] == '\n')
			line = used - 1;
	}
	if (script.nanswers < MOST_ANSWERS && (used > script.starts[script.nanswers] || script.nanswers == 0))
	{
		script.stays[script.nanswers++] = false;
		script.starts[script.nanswers] = used;
	}
}

static void
check_clean(const char *text)
{
	for (const unsigned char *c = (const unsigned char *) text; c && *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			fuzz_broken("a control character in an error's text");
}

/* The server's own words about a value may quote it. */
static void
check_error(const ErrorData *error)
{
	static const char *const classes[] = {"08", "22", "23", "28", "40", "42", "53", "54", "HV"};
	const char *state = unpack_sql_state(error->sqlerrcode);
	bool		known = false;

	for (int i = 0; i < (int) lengthof(classes); i++)
		known |= strncmp(state, classes[i], 2) == 0;
	if (!known)
		fuzz_broken(psprintf("%s: %s", state, error->message));
	if (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0)
		return;
	check_clean(error->message);
	check_clean(error->detail);
	check_clean(error->hint);
}

static void
run(const char *input, size_t size)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	long		before = atomic_load(&held);
	unsigned char choice = size > 0 ? input[0] : 0;
	const char *query = queries[(choice & 0x3f) % lengthof(queries)];

	pthread_mutex_lock(&lock);
	write_script(size > 0 ? input + 1 : input, size > 0 ? size - 1 : 0);
	pthread_mutex_unlock(&lock);
	atomic_store(&most_held, before);
	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		SPI_connect();
		if (choice & 0x80)
			api_task("fuzz", true);
		if (choice & 0x40)
			session_disconnect(InvalidOid);
		SPI_execute(query, true, 0);
		SPI_finish();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		check_error(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;

	if (atomic_load(&most_held) - before > MOST_LIBCURL)
		fuzz_broken("libcurl held too much of an answer");
	if (atomic_load(&held) - before > MOST_LEFT)
		fuzz_broken("libcurl keeps what it held");
	if (script.nrequests > MOST_REQUESTS)
		fuzz_broken("a statement without end");
}

const FuzzTarget fuzz_exchange = {"exchange", prepare, run};
