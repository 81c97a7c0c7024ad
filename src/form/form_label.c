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
#include "form/form_label.h"
#include "form/form_queue.h"

/* How long what was read is taken for what is, ms. */
#define KEPT_MS (10 * 60 * 1000)

/* Pages of a list of users that are read at most. */
#define MOST_PAGES 1000

typedef struct LabelCache
{
	Oid			umid;
	MemoryContext context;		/* owns the cache and everything below */
	TimestampTz until;
	bool		stale;
	int			pins;			/* scans */
	List	   *maps;			/* of LabelMap */
	List	   *forms;			/* of Form, read */
	List	   *objects;		/* of char *: names of those all of whose forms are */
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
			label_add(map, json_tree_text(json_tree_member(item, value)), json_tree_text(json_tree_member(item, text)));
	}
	return list && list->type == JSON_TREE_ARRAY ? list->nmembers : 0;
}

/* A list page by page: the first tells how many there are; else the first that is empty ends it. */
static void
read_pages(LabelMap *map, FormQueue *queue, MemoryContext context, const char *list_key, const char *value)
{
	int			asked = 1;
	int			pages = 1;
	ApiAnswer	answer;

	api_ask_members(queue->calls, 1, "\"delIgnore\":1,\"page\":1,\"pageSize\":100");
	for (int done = 0; done < pages && form_next(queue, done == 0 ? -1 : pages, &answer); done++)
	{
		const JsonTree *list = form_answer_list(queue, answer.result, list_key);
		MemoryContext old = MemoryContextSwitchTo(context);
		int			before = map->n;
		int			n = add_list(map, list, value, "name", NULL);
		bool		again = before > 0 && map->n > before && strcmp(map->entries[before].value, map->entries[0].value) == 0;
		int64		total = 0;

		MemoryContextSwitchTo(old);
		json_tree_integer(json_tree_member(json_tree_member(((FormAnswer *) answer.result)->root, "result"), "totalCount"), &total);
		/* what is not paged comes whole each time */
		if (total <= 0 && n > 0 && !again)
			pages = Min(answer.ticket + 1, MOST_PAGES);
		else if (total > 0 && answer.ticket == 1 && n > 0)
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
	if (!form_next(queue, 1, &answer))
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
	label_sort(map);
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
	bool		has_all = false;
	ListCell   *lc;

	foreach(lc, cache->objects)
		has_all |= strcmp(lfirst(lc), table->object->name) == 0;
	foreach(lc, cache->forms)
	{
		Form	   *form = lfirst(lc);

		if (table->form_id ? form->form_id == strtoll(table->form_id, NULL, 10) : has_all && same_object(form, table))
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
		if (!table->form_id)
			cache->objects = lappend(cache->objects, pstrdup(table->object->name));
	}
	MemoryContextSwitchTo(old);
	return result;
}

/* The labels that a field has in a form; NULL if it has none. */
static LabelMap *
map_of_field(LabelCache *cache, const TableOptions *table, Oid userid, const Form *form, const char *attr)
{
	ListCell   *lc;

	foreach(lc, form->fields)
	{
		const FormField *field = lfirst(lc);
		LabelKind	kind = kind_of_field(field, table);
		LabelMap   *options;

		if (field->parent || strcmp(field->attr, attr) != 0 || kind == LABEL_NONE)
			continue;
		if (kind != LABEL_OPTIONS)
			return map_of_kind(cache, table, userid, kind);
		options = palloc0(sizeof(LabelMap));
		for (int i = 0; i < field->noptions; i++)
			label_add(options, pg_server_to_any(field->options[i].value, strlen(field->options[i].value), PG_UTF8),
					  pg_server_to_any(field->options[i].text, strlen(field->options[i].text), PG_UTF8));
		label_sort(options);
		return options;
	}
	return NULL;
}

/* The labels of an attr; NULL if it has none in any form. */
static LabelSet *
labels_of_attr(LabelCache *cache, const TableOptions *table, Oid userid, const char *attr)
{
	LabelKind	kind = kind_of_attr(attr);
	List	   *forms = kind == LABEL_NONE ? forms_of_table(cache, table, userid) : NIL;
	LabelSet   *set = palloc(offsetof(LabelSet, forms) + sizeof(set->forms[0]) * Max(list_length(forms), 1));
	bool		has_labels = false;
	ListCell   *lc;

	set->n = 0;
	if (kind != LABEL_NONE)
	{
		set->forms[set->n].form_id = 0;
		set->forms[set->n++].map = map_of_kind(cache, table, userid, kind);
		return set;
	}
	foreach(lc, forms)
	{
		const Form *form = lfirst(lc);
		LabelMap   *map;

		if (form->problem)
		{
			/* the next statement asks again */
			cache->stale = true;
			ereport(ERROR,
					(errcode(form->problem_code), errmsg("%s", form->problem),
					 errdetail("Request: POST /pro/v2/api/form/get, form %lld.", (long long) form->form_id),
					 form->problem_hint ? errhint("%s", form->problem_hint) : 0));
		}
		map = map_of_field(cache, table, userid, form, attr);
		has_labels |= map != NULL;
		set->forms[set->n].form_id = form->form_id;
		set->forms[set->n++].map = map ? map : palloc0(sizeof(LabelMap));
	}
	return has_labels ? set : NULL;
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
		LabelSet   *set;

		if (!option_shows_label(table->relid, attnum))
			continue;
		if (cache == NULL)
			cache = pin_cache(access->session->umid);
		attr = option_attr(table->relid, attnum);
		set = labels_of_attr(cache, table, access->userid, attr);
		if (set == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
					 errmsg("attr \"%s\" of column \"%s\" of foreign table \"%s\" has no labels to show",
							attr, get_attname(table->relid, attnum, false), get_rel_name(table->relid)),
					 errhint("Fields with options, users, departments and labels have; drop the column's option show.")));
		show(format, attnum, label_find, set);
	}
}
