/*-------------------------------------------------------------------------
 *
 * fuzz.c
 *	  libFuzzer inside "postgres --single", one target a process.
 *
 * palloc and its companions, as our sources call them, are taken from malloc,
 * each piece by itself, so that ASan knows its ends.
 *
 * test/fuzz/run [seconds] builds and runs every target.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "fuzz.h"

#ifndef FUZZ_EXCHANGE			/* the whole extension has its own */
PG_MODULE_MAGIC;
#endif

extern int	LLVMFuzzerRunDriver(int *argc, char ***argv,
								int (*callback) (const uint8_t *data, size_t size));

extern Datum xbb_fuzz(PG_FUNCTION_ARGS);

static const FuzzTarget *const targets[] = {
#ifdef FUZZ_EXCHANGE
	&fuzz_exchange
#else
	&fuzz_record, &fuzz_json, &fuzz_option, &fuzz_condition, &fuzz_target, &fuzz_metadata
#endif
};

static const FuzzTarget *target;
static MemoryContext scratch;

/* Memory of one run, each piece malloc's own. */
static void **pieces;
static int	npieces;
static int	max_pieces;

extern void *fuzz_alloc(Size size);
extern void *fuzz_alloc0(Size size);
extern void *fuzz_alloc_in(MemoryContext context, Size size);
extern void *fuzz_realloc(void *pointer, Size size);
extern void fuzz_free(void *pointer);
extern char *fuzz_strdup(const char *text);

void *
fuzz_alloc(Size size)
{
	if (npieces == max_pieces)
	{
		max_pieces = Max(1024, max_pieces * 2);
		pieces = realloc(pieces, max_pieces * sizeof(void *));
	}
	return pieces[npieces++] = malloc(size);
}

void *
fuzz_alloc0(Size size)
{
	return memset(fuzz_alloc(size), 0, size);
}

void *
fuzz_alloc_in(MemoryContext context, Size size)
{
	while (context != NULL && context != scratch)
		context = context->parent;
	/* what lives longer than an input is not freed behind it */
	return context == scratch ? fuzz_alloc0(size) : calloc(1, size);
}

static void **
find_piece(void *pointer)
{
	int			i = npieces;

	while (i > 0 && pieces[i - 1] != pointer)
		i--;
	if (i == 0)
		fuzz_broken("gives back what it was not given");
	return &pieces[i - 1];
}

void *
fuzz_realloc(void *pointer, Size size)
{
	void	  **piece = find_piece(pointer);

	return *piece = realloc(pointer, size);
}

void
fuzz_free(void *pointer)
{
	*find_piece(pointer) = NULL;
	free(pointer);
}

char *
fuzz_strdup(const char *text)
{
	return strcpy(fuzz_alloc(strlen(text) + 1), text);
}

/* Gives back what was allocated since there were "kept" pieces. */
static void
free_pieces(int kept)
{
	while (npieces > kept)
		free(pieces[--npieces]);
}

static void
check_text(const char *text)
{
	if (text != NULL &&
		!pg_verify_mbstr(GetDatabaseEncoding(), text, strlen(text), true))
		fuzz_broken("an error's text is not valid in the database's encoding");
}

static int
run_one(const uint8_t *data, size_t size)
{
	MemoryContext old = MemoryContextSwitchTo(scratch);
	int			kept = npieces;
	char	   *input = malloc(size + 1);

	memcpy(input, data, size);
	input[size] = '\0';
	target->run(input, size);
	free(input);

	free_pieces(kept);
	MemoryContextSwitchTo(old);
	MemoryContextReset(scratch);
	return 0;
}

void
fuzz_broken(const char *property)
{
	write_stderr("fuzz_%s: %s\n", target->name, property);
	abort();
}

ErrorData *
fuzz_try(void (*function) (void *arg), void *arg)
{
	MemoryContext old = CurrentMemoryContext;
	ErrorContextCallback *saved = error_context_stack;
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		function(arg);
		if (error_context_stack != saved)
			fuzz_broken("left its error context behind");
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(old);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();

	if (error != NULL)
	{
		if (error->sqlerrcode == ERRCODE_INTERNAL_ERROR)
			fuzz_broken(error->message);
		check_text(error->message);
		check_text(error->detail);
		check_text(error->hint);
		check_text(error->context);
	}
	return error;
}

char *
fuzz_utf8(const char *input, size_t size)
{
	int			length = strnlen(input, Min(size, FUZZ_MAX_PARSED));

	return pnstrdup(input, pg_encoding_verifymbstr(PG_UTF8, input, length));
}

bool
fuzz_is_json(const char *text, size_t size)
{
	JsonLexContext *lex = compat_raw_lexer(text, size);

	return pg_verify_mbstr(PG_UTF8, text, size, true) &&
		pg_parse_json(lex, &nullSemAction) == JSON_SUCCESS;
}

Jsonb *
fuzz_jsonb(const char *text)
{
	if (!fuzz_is_json(text, strlen(text)))
		fuzz_broken("made what is no JSON");
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

bool
fuzz_jsonb_equal(Jsonb *one, Jsonb *other)
{
	return compareJsonbContainers(&one->root, &other->root) == 0;
}

PG_FUNCTION_INFO_V1(xbb_fuzz);

/*
 * xbb_fuzz(target text, seconds int, found text, seeds text, dictionary text):
 * "found" is the directory for new inputs, and for those that broke something.
 * Does not return: libFuzzer ends the process, with 0 if nothing broke.
 */
Datum
xbb_fuzz(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *found = text_to_cstring(PG_GETARG_TEXT_PP(2));
	char	   *arguments[] = {
		"fuzz",
		psprintf("-max_total_time=%d", PG_GETARG_INT32(1)),
		psprintf("-artifact_prefix=%s/", found),
		psprintf("-dict=%s", text_to_cstring(PG_GETARG_TEXT_PP(4))),
		"-detect_leaks=0",
		"-print_final_stats=1",
		"-timeout=20",
		"-rss_limit_mb=4096",
		found,
		text_to_cstring(PG_GETARG_TEXT_PP(3)),
		NULL
	};
	char	  **argv = arguments;
	int			argc = lengthof(arguments) - 1;

	for (int i = 0; i < (int) lengthof(targets); i++)
	{
		if (strcmp(targets[i]->name, name) == 0)
			target = targets[i];
	}
	if (target == NULL)
		elog(ERROR, "there is no target %s", name);

	scratch = AllocSetContextCreate(TopMemoryContext, "fuzz",
									ALLOCSET_DEFAULT_SIZES);
	if (target->prepare)
		target->prepare();
	PG_RETURN_INT32(LLVMFuzzerRunDriver(&argc, &argv, run_one));
}
