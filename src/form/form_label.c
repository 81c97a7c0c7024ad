/*-------------------------------------------------------------------------
 *
 * form_label.c
 *	  What people see of option values, users, departments and labels.
 *
 * Maps are made when a column first wants them and kept by user mapping, since who
 * asks decides what may be seen: until server or mapping are altered, or for some
 * minutes.  Scans that use them meanwhile pin them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "form/form.h"
#include "form/form_queue.h"

/* How long what was read is taken for what is, ms. */
#define KEPT_MS (10 * 60 * 1000)

/* Pages of a list of users that are read at most. */
#define MOST_PAGES 1000

typedef enum LabelKind
{
	LABEL_NONE,
	LABEL_OPTIONS,
	LABEL_USERS,
	LABEL_DEPARTMENTS,
	LABEL_LABELS
} LabelKind;

/* Texts by value, both UTF-8, in the order of values. */
typedef struct LabelMap
{
	LabelKind	kind;			/* not of options, which a field has itself */
	char	   *form_id;		/* of labels */
	int			n;
	int			size;
	FormOption *entries;
} LabelMap;

typedef struct LabelCache
{
	Oid			umid;
	MemoryContext context;		/* owns the cache and everything below */
	TimestampTz until;
	bool		stale;
	int			pins;			/* scans */
	List	   *maps;			/* of LabelMap */
	List	   *forms;			/* of Form, read */
} LabelCache;

typedef struct LabelPin
{
	MemoryContextCallback callback;
	LabelCache *cache;
} LabelPin;

static List *caches = NIL;

/* ---- the cache ---- */

static void
drop_cache(LabelCache *cache)
{
	caches = list_delete_ptr(caches, cache);
	MemoryContextDelete(cache->context);
}

static void
unpin_cache(void *arg)
{
	LabelCache *cache = ((LabelPin *) arg)->cache;

	if (--cache->pins == 0 && cache->stale)
		drop_cache(cache);
}

static void
forget_caches(Datum arg, int cacheid, uint32 hashvalue)
{
	ListCell   *lc;

	foreach(lc, caches)
		((LabelCache *) lfirst(lc))->stale = true;
}

/* The cache of a mapping, pinned by the current context. */
static LabelCache *
pin_cache(Oid umid)
{
	static bool registered = false;
	LabelPin   *pin = palloc0(sizeof(LabelPin));
	LabelCache *found = NULL;
	MemoryContext context;
	MemoryContext old;
	ListCell   *lc;

	if (!registered)
	{
		CacheRegisterSyscacheCallback(FOREIGNSERVEROID, forget_caches, (Datum) 0);
		CacheRegisterSyscacheCallback(USERMAPPINGOID, forget_caches, (Datum) 0);
		registered = true;
	}
	foreach(lc, caches)
	{
		LabelCache *cache = lfirst(lc);

		cache->stale |= cache->until < GetCurrentTimestamp();
		if (cache->stale && cache->pins == 0)
		{
			caches = foreach_delete_current(caches, lc);
			MemoryContextDelete(cache->context);
		}
		else if (!cache->stale && cache->umid == umid)
			found = cache;
	}
	if (!found)
	{
		context = AllocSetContextCreate(TopMemoryContext, "xbb_fdw labels", ALLOCSET_SMALL_SIZES);
		old = MemoryContextSwitchTo(context);
		found = palloc0(sizeof(LabelCache));
		found->umid = umid;
		found->context = context;
		found->until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), KEPT_MS);
		MemoryContextSwitchTo(TopMemoryContext);
		caches = lappend(caches, found);
		MemoryContextSwitchTo(old);
	}
	found->pins++;
	pin->cache = found;
	pin->callback.func = unpin_cache;
	pin->callback.arg = pin;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &pin->callback);
	return found;
}

/* ---- maps ---- */

static int
compare_options(const void *a, const void *b)
{
	return strcmp(((const FormOption *) a)->value, ((const FormOption *) b)->value);
}

/* An entry, copied into the map's context, which is the current one. */
static void
add_entry(LabelMap *map, const char *value, const char *text)
{
	if (value == NULL || text == NULL || value[0] == '\0' || text[0] == '\0')
		return;
	if (map->n == map->size)
	{
		map->size = Max(2 * map->size, 16);
		map->entries = map->entries ? repalloc(map->entries, map->size * sizeof(FormOption)) :
			palloc(map->size * sizeof(FormOption));
	}
	map->entries[map->n].value = pstrdup(value);
	map->entries[map->n++].text = pstrdup(text);
}

static const char *
find_label(void *labels, const char *value)
{
	const LabelMap *map = labels;
	FormOption	key = {.value = unconstify(char *, value)};
	const FormOption *found = map->n == 0 ? NULL :
		bsearch(&key, map->entries, map->n, sizeof(FormOption), compare_options);

	return found ? found->text : NULL;
}

List *
form_label_values(void *labels, const char *text)
{
	const LabelMap *map = labels;
	List	   *values = find_label(labels, text) ? NIL : list_make1(pstrdup(text));

	for (int i = 0; i < map->n; i++)
		if (strcmp(map->entries[i].text, text) == 0)
			values = lappend(values, pstrdup(map->entries[i].value));
	return values;
}

/* Adds the members of a list of an answer; how many there were. */
static int
add_list(LabelMap *map, const JsonTree *list, const char *value, const char *text, const char *inside)
{
	for (int i = 0; list && i < list->nmembers; i++)
	{
		const JsonTree *item = &list->members[i];

		if (inside)
			add_list(map, json_tree_member(item, inside), value, text, NULL);
		else
			add_entry(map, json_tree_text(json_tree_member(item, value)), json_tree_text(json_tree_member(item, text)));
	}
	return list && list->type == JSON_TREE_ARRAY ? list->nmembers : 0;
}

/* A list page by page: the first tells how many there are. */
static void
read_pages(LabelMap *map, FormQueue *queue, MemoryContext context, const char *list_key, const char *value)
{
	int			asked = 1;
	int			pages = 1;
	ApiAnswer	answer;

	api_ask_members(queue->calls, 1, "\"delIgnore\":1,\"page\":1,\"pageSize\":100");
	for (int done = 0; done < pages && api_next(queue->calls, true, &answer); done++)
	{
		const JsonTree *list = form_answer_list(queue, answer.result, list_key);
		MemoryContext old = MemoryContextSwitchTo(context);
		int			n = add_list(map, list, value, "name", NULL);
		int64		total = 0;

		MemoryContextSwitchTo(old);
		json_tree_integer(json_tree_member(json_tree_member(((FormAnswer *) answer.result)->root, "result"), "totalCount"), &total);
		if (answer.ticket == 1 && n > 0)
			pages = (int) Min((total + n - 1) / n, MOST_PAGES);
		for (; asked < pages && asked < done + 1 + queue->table.server.concurrency; asked++)
			api_ask_members(queue->calls, asked + 1, psprintf("\"delIgnore\":1,\"page\":%d,\"pageSize\":100", asked + 1));
	}
}

static void
read_labels(LabelMap *map, FormQueue *queue, MemoryContext context, const TableOptions *table)
{
	ApiAnswer	answer;
	MemoryContext old;

	api_ask_members(queue->calls, 1, psprintf("\"formId\":%s,\"businessType\":%d", table->form_id, table->object->business_type));
	if (!api_next(queue->calls, true, &answer))
		return;
	old = MemoryContextSwitchTo(context);
	add_list(map, form_answer_list(queue, answer.result, "labelTree"), "id", "name", "labelEntities");
	MemoryContextSwitchTo(old);
}

/* The map of a kind, read if need be. */
static LabelMap *
map_of_kind(LabelCache *cache, const TableOptions *table, Oid userid, LabelKind kind)
{
	static const char *const paths[] = {
		[LABEL_USERS] = "/pro/v2/api/user/list",
		[LABEL_DEPARTMENTS] = "/pro/v2/api/department/list",
		[LABEL_LABELS] = "/pro/v2/api/label/allList",
	};
	FormQueue  *queue;
	LabelMap   *map;
	MemoryContext requests;
	MemoryContext old;
	ListCell   *lc;

	foreach(lc, cache->maps)
	{
		map = lfirst(lc);
		if (map->kind == kind && (kind != LABEL_LABELS || strcmp(map->form_id, table->form_id) == 0))
			return map;
	}
	map = MemoryContextAllocZero(cache->context, sizeof(LabelMap));
	map->kind = kind;
	requests = AllocSetContextCreate(CurTransactionContext, "xbb_fdw labels", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(requests);
	queue = form_queue(table->server.serverid, userid, paths[kind], true, false);
	if (kind == LABEL_USERS)
		read_pages(map, queue, cache->context, "userList", "userId");
	else if (kind == LABEL_DEPARTMENTS)
		read_pages(map, queue, cache->context, "depList", "id");
	else
	{
		map->form_id = MemoryContextStrdup(cache->context, table->form_id);
		read_labels(map, queue, cache->context, table);
	}
	if (map->n > 0)
		qsort(map->entries, map->n, sizeof(FormOption), compare_options);
	MemoryContextSwitchTo(cache->context);
	cache->maps = lappend(cache->maps, map);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(requests);
	return map;
}

/* ---- fields ---- */

static LabelKind
kind_of_field(const FormField *field, const TableOptions *table)
{
	switch (field->field_type)
	{
		case 16:
		case 10009:
		case 10010:
		case 10013:
		case 10017:
		case 10018:
			return LABEL_USERS;
		case 10011:
		case 10012:
		case 10016:
			return LABEL_DEPARTMENTS;
		case 800000:
			return table->form_id && table->object->business_type > 0 ? LABEL_LABELS : LABEL_NONE;
		default:
			return field->noptions >= 0 ? LABEL_OPTIONS : LABEL_NONE;
	}
}

/* Attrs that are the same in every form. */
static LabelKind
kind_of_attr(const char *attr)
{
	if (strcmp(attr, "ownerId") == 0 || strcmp(attr, "coUserId") == 0 || strcmp(attr, "creatorId") == 0)
		return LABEL_USERS;
	return strcmp(attr, "departmentId") == 0 ? LABEL_DEPARTMENTS : LABEL_NONE;
}

static bool
same_object(const Form *form, const TableOptions *table)
{
	return form->object && strcmp(form->object->name, table->object->name) == 0;
}

/* The forms whose records the table shows, read; kept in the cache. */
static List *
forms_of_table(LabelCache *cache, const TableOptions *table, Oid userid)
{
	List	   *result = NIL;
	MemoryContext old = MemoryContextSwitchTo(cache->context);
	ListCell   *lc;

	foreach(lc, cache->forms)
	{
		Form	   *form = lfirst(lc);

		if (table->form_id ? form->form_id == strtoll(table->form_id, NULL, 10) : same_object(form, table))
			result = lappend(result, form);
	}
	if (result == NIL)
	{
		if (table->form_id)
			result = list_make1(form_make(strtoll(table->form_id, NULL, 10)));
		else
			foreach(lc, form_list(table->server.serverid, userid))
				if (same_object(lfirst(lc), table))
					result = lappend(result, lfirst(lc));
		form_read(table->server.serverid, userid, result);
		cache->forms = list_concat(cache->forms, result);
	}
	MemoryContextSwitchTo(old);
	return result;
}

/* The labels of an attr by the forms that have it. */
static LabelMap *
map_of_attr(LabelCache *cache, const TableOptions *table, Oid userid, const char *attr)
{
	LabelMap   *options = NULL;
	ListCell   *lc;
	ListCell   *cell;

	foreach(lc, forms_of_table(cache, table, userid))
	{
		const Form *form = lfirst(lc);

		if (form->problem)
			ereport(ERROR,
					(errcode(form->problem_code), errmsg("%s", form->problem),
					 form->problem_hint ? errhint("%s", form->problem_hint) : 0));
		foreach(cell, form->fields)
		{
			const FormField *field = lfirst(cell);
			LabelKind	kind = kind_of_field(field, table);

			if (field->parent || strcmp(field->attr, attr) != 0 || kind == LABEL_NONE)
				continue;
			if (kind != LABEL_OPTIONS)
				return map_of_kind(cache, table, userid, kind);
			options = options ? options : palloc0(sizeof(LabelMap));
			for (int i = 0; i < field->noptions; i++)
				add_entry(options, pg_server_to_any(field->options[i].value, strlen(field->options[i].value), PG_UTF8),
						  pg_server_to_any(field->options[i].text, strlen(field->options[i].text), PG_UTF8));
		}
	}
	if (options && options->n > 0)
		qsort(options->entries, options->n, sizeof(FormOption), compare_options);
	return options;
}

void
form_show_labels(const TableOptions *table, const ApiAccess *access, Bitmapset *wanted,
				 FormShow show, void *format)
{
	LabelCache *cache = NULL;
	int			attnum = -1;

	while ((attnum = bms_next_member(wanted, attnum)) > 0)
	{
		char	   *attr;
		LabelKind	kind;
		LabelMap   *map;

		if (!option_shows_label(table->relid, attnum))
			continue;
		if (cache == NULL)
			cache = pin_cache(access->session->umid);
		attr = option_attr(table->relid, attnum);
		kind = kind_of_attr(attr);
		map = kind != LABEL_NONE ? map_of_kind(cache, table, access->userid, kind) :
			map_of_attr(cache, table, access->userid, attr);
		if (map == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
					 errmsg("attr \"%s\" of column \"%s\" of foreign table \"%s\" has no labels to show",
							attr, get_attname(table->relid, attnum, false), get_rel_name(table->relid)),
					 errhint("Fields with options, users, departments and labels have; drop the column's option show.")));
		show(format, attnum, find_label, map);
	}
}
